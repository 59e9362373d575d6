"""The login of whoever works at the machine of an embedded server: a loader under her own name, made without asking.

So that loads, roll backs and figures are written under a person's name, and the superuser sets up and migrates only.
"""

import os
import pwd
import re
from pathlib import Path

from spatial.access import ADMIN, DATABASE, admin_url, embedded
from spatial.cluster import Cluster, credentials
from spatial.database import open_engine
from spatial.settings import Settings
from spatial.users import Role, create_user, is_name, list_users


def operator_name() -> str:
    """Name the login after the account that runs this process: letters without tones, digits and `_`."""
    account = pwd.getpwuid(os.geteuid()).pw_name
    name = re.sub(r"[^a-z0-9_]+", "_", account.lower())[:28]
    return name if is_name(name) else f"os_{name}"


def ensure_operator(settings: Settings) -> None:
    """Make the login on a migrated embedded server, unless it is there; its password is kept with those of the services.

    A login of that name whose password is not known here is somebody's own, and left alone.
    """
    if settings.database_url or settings.api_database_url:
        return
    cluster, name = embedded(settings), operator_name()
    engine = open_engine(admin_url(settings), application_name="dothi migrate")
    with engine.begin() as connection:
        if name not in {user.name for user in list_users(connection)}:
            credentials.remember(_passwords_of(cluster), name, create_user(connection, name, Role.LOADER))
    engine.dispose()


def work_url(settings: Settings) -> str:
    """Give the URL with which commands load and read; the embedded server is started, and left running, if need be.

    Of a server of one's own that of DOTHI_DATABASE_URL, whoever it names; of the embedded one the operator's, or the superuser's
    where there is no such login (yet).

    Raises:
        SetupError: only the API's login of a server of one's own is named.
    """
    administrator = admin_url(settings)
    if settings.database_url:
        return administrator
    cluster, name = embedded(settings), operator_name()
    known = credentials.load_or_create(_passwords_of(cluster))
    return cluster.url(DATABASE, name if name in known else ADMIN)


def _passwords_of(cluster: Cluster) -> Path:
    return cluster.home / "credentials.json"

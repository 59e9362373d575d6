"""Names of persons and bodies who hold the parcels; all made up by lot from common words, no list of real people."""

import numpy as np

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
MIDDLE = ("Văn", "Thị", "Hữu", "Đức", "Ngọc", "Minh", "Quang", "Thanh", "Xuân", "Đình", "Kim", "Bá")
GIVEN = (
    "An", "Bình", "Chiến", "Dũng", "Đạt", "Giang", "Hà", "Hạnh", "Hòa", "Huệ", "Hưng", "Hương", "Khánh", "Lan", "Liên", "Long",
    "Mai", "Nam", "Nga", "Nghĩa", "Nhung", "Phúc", "Phượng", "Quyên", "Sơn", "Thắm", "Thảo", "Thịnh", "Thủy", "Tiến", "Trường",
    "Tuyết", "Uyên", "Vinh", "Vượng", "Yến",
)  # fmt: skip
BODIES = {
    "SKK": "Công ty TNHH Dệt Lụa Mẫu {}", "DGD": "Trường học mẫu số {}", "DYT": "Trạm y tế mẫu {}",
    "TSC": "Trụ sở cơ quan mẫu {}", "TON": "Chùa Mẫu {}", "TIN": "Đình làng Mẫu {}", "DVH": "Nhà văn hóa mẫu {}",
    "CQP": "Đơn vị quốc phòng mẫu {}", "CAN": "Công an mẫu {}", "RPH": "Ban quản lý rừng mẫu", "RSX": "Ban quản lý rừng mẫu",
}  # fmt: skip
PUBLIC_BODY = "Ủy ban nhân dân xã, phường mẫu"
HOME_COMMUNES = ("Bãi Dâu", "Đồng Dâu", "Lụa Thượng", "Bến Ngự", "Núi Tằm", "Hạ Lụa", "Thoi Vàng")
PRIVATE_USES = ("ODT", "ONT", "CLN", "LUC", "HNK", "NTS", "TMD")


def holder(use: str, rng: np.random.Generator) -> str:
    """Make up who holds a parcel: a person for private uses, one name in five in capitals; else a body."""
    first = use.split("+")[0]
    if first in PRIVATE_USES:
        name = " ".join(str(rng.choice(words)) for words in (FAMILY, MIDDLE, GIVEN))
        return name.upper() if rng.random() < 0.2 else name
    return BODIES[first].format(rng.integers(1, 30)) if first in BODIES else PUBLIC_BODY


def home(rng: np.random.Generator) -> str:
    """Make up where a holder lives."""
    return f"Xóm {rng.integers(1, 19)}, xã {rng.choice(HOME_COMMUNES)} (mẫu)"

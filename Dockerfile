# The page, built by Node; then the application on a slim Python, as a user without rights.
# Both bases by tag; by digest with --build-arg NODE_IMAGE=name@sha256:... (compose: DOTHI_NODE_IMAGE, DOTHI_PYTHON_IMAGE).
ARG NODE_IMAGE=node:22-slim
ARG PYTHON_IMAGE=python:3.12-slim
FROM ${NODE_IMAGE} AS page
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM ${PYTHON_IMAGE}
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --uid 10001 --home-dir /app dothi
WORKDIR /app
# Only what running takes, each file held against its hash; requirements.lock has the packages for development, too.
COPY pyproject.toml requirements-run.lock README.md LICENSE THIRD_PARTY_NOTICES.md dothi.py ./
RUN mkdir spatial ingest api && pip install --require-hashes --requirement requirements-run.lock \
    && pip install --no-deps --no-build-isolation --editable .
COPY alembic.ini ./
COPY spatial spatial
COPY ingest ingest
COPY migrations migrations
COPY sample_data sample_data
COPY api api
COPY --from=page /src/api/static/dist api/static/dist
RUN python -m compileall -q spatial ingest api migrations dothi.py
USER dothi
EXPOSE 8000
ENTRYPOINT ["dothi"]
CMD ["serve"]

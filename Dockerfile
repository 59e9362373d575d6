# The page, built by Node; then the application on a slim Python, as a user without rights.
FROM node:22-slim AS page
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --uid 10001 --home-dir /app dothi
WORKDIR /app
# Only what is declared, in the versions of the lock; the lock's other packages are for development.
COPY pyproject.toml requirements.lock README.md LICENSE THIRD_PARTY_NOTICES.md dothi.py ./
RUN mkdir spatial ingest api && pip install --constraint requirements.lock --editable .
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

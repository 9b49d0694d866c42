# Gengfu's own processes: core, desk, and the one-shot steps of the compose file.
FROM node:22-slim AS scripts
WORKDIR /scripts
COPY dashboards/web/package.json dashboards/web/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.12-slim AS gengfu
RUN groupadd --gid 10001 gengfu \
 && useradd --uid 10001 --gid 10001 --no-create-home gengfu \
 && install -d -o 10001 -g 10001 /data
WORKDIR /app
COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml LICENSE ./
COPY gengfu gengfu
COPY gateway gateway
COPY ingest ingest
COPY rules rules
COPY alerts alerts
COPY dashboards dashboards
COPY simulators simulators
COPY deploy deploy
# The image is read-only to its user: what is not compiled here is compiled at every start.
RUN python -m compileall -q gengfu gateway ingest rules alerts dashboards simulators deploy
RUN --mount=from=scripts,source=/scripts/node_modules,target=/node_modules \
    python -c "from pathlib import Path; from dashboards.web.vendor import copy; copy(Path('/node_modules'))" \
 && printf '#!/bin/sh\nexec python -m gengfu "$@"\n' > /usr/local/bin/gengfu \
 && chmod 755 /usr/local/bin/gengfu
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
ENTRYPOINT ["gengfu"]

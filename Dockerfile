# syntax=docker/dockerfile:1
# One image for web, worker, beat and migrations. Written without a Docker engine at hand: not run (see the README).

FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements/base.txt /tmp/base.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-deps --require-hashes -r /tmp/base.txt \
    && /opt/venv/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=orne_accueil.settings.prod \
    ORNE_DATA_DIR=/srv/orne
RUN groupadd --system --gid 10001 orne \
    && useradd --system --uid 10001 --gid orne --home-dir /nonexistent --shell /usr/sbin/nologin orne \
    && install --directory --owner orne --group orne /srv/orne /srv/orne/media
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY orne_accueil orne_accueil
COPY coworking coworking
COPY housing housing
COPY mentoring mentoring
COPY club club
COPY templates templates
COPY static static
COPY deploy/example.env deploy/healthcheck.py deploy/
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# Static files belong to the image. The made-up environment is only there to read the settings: nothing of it is kept.
# hadolint ignore=SC2046
RUN python -m compileall -q orne_accueil coworking housing mentoring club \
    && env $(grep -v '^#' deploy/example.env | xargs) python manage.py collectstatic --noinput --verbosity 0 \
    && rm deploy/example.env
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "orne_accueil.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--worker-class", "gthread", \
     "--threads", "4", "--preload", "--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--max-requests", "5000", \
     "--max-requests-jitter", "500", "--access-logfile", "-"]

# FastApply as a container: rootless, and with a file system that may be read-only.
#
#   docker build -t fastapply .
#   docker run --rm fastapply key ci        shows a key, and the FASTAPPLY_KEYS=ci:… that lets it in
#   docker run -d --init --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#       -p 127.0.0.1:8000:8000 -e FASTAPPLY_KEYS=ci:… fastapply
#
# In a container only 0.0.0.0 can be reached from outside, and that needs a key: without one it does not start, and says so.

# The Python that constraints.txt was tested with.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY fastapply ./fastapply
COPY backend ./backend
COPY lsp_bridge ./lsp_bridge
COPY configs/models ./configs/models
COPY playground ./playground
COPY tools ./tools
# The page at /: packages of npm as the lock file pins them, and no script of theirs.
RUN python -m tools.playground --fetch-node
# Only wheels: no package gets to run code of its own while the image is built.
RUN python -m venv --without-pip /opt/fastapply \
    && pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && pip --python /opt/fastapply/bin/python install --no-cache-dir --only-binary=:all: \
        --constraint constraints.txt /wheels/*.whl

FROM python:${PYTHON}
COPY --from=build /opt/fastapply /opt/fastapply
ENV PATH=/opt/fastapply/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FASTAPPLY_SERVER_HOST=0.0.0.0
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('FASTAPPLY_SERVER_PORT', '8000') + '/health', timeout=4)"]
ENTRYPOINT ["fastapply"]
CMD ["serve"]

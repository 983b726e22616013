FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Install scripts only link and fetch what no image keeps.
RUN npm ci --ignore-scripts --cache /tmp/npm && rm -rf /tmp/npm
COPY . .
RUN npm run build

FROM build AS slim
RUN node docker/slim.mjs train

# Apart from the sources, so that editing them does not fetch 207 MB again.
FROM node:20-bookworm-slim AS tensorflow
RUN apt-get update && apt-get install -y --no-install-recommends g++ python3-pip && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=slim /app/package.json ./
COPY --from=slim /app/node_modules ./node_modules
COPY --from=slim /app/dist/config ./dist/config
COPY --from=slim /app/dist/embedded ./dist/embedded
COPY docker/tensorflow.mjs ./docker/
RUN node docker/tensorflow.mjs /opt/millrace
# A quarter of them are symbols for debuggers.
RUN strip --strip-unneeded /opt/millrace/*/*.so.2 && node docker/tensorflow.mjs /opt/millrace

FROM node:20-bookworm-slim
# A volume mounted here takes over its owner, uid 1000.
RUN install -d -o node -g node /scratch
COPY --from=tensorflow /opt/millrace /opt/millrace
WORKDIR /app
COPY --from=slim /app/package.json ./
COPY --from=slim /app/node_modules ./node_modules
COPY --from=slim /app/dist ./dist
ENV NODE_ENV=production MILLRACE_SCRATCH=/scratch MILLRACE_METRICS=0.0.0.0:9464 MILLRACE_CACHE=/opt/millrace
# Last, so that a new build shares the layers above.
ARG MILLRACE_BUILD_ID=dev
ENV MILLRACE_BUILD_ID=$MILLRACE_BUILD_ID
USER node
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/workers/main.js", "train"]

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Install scripts only link and fetch what no image keeps.
RUN npm ci --ignore-scripts --cache /tmp/npm && rm -rf /tmp/npm
COPY . .
RUN npm run build

FROM build AS slim
RUN node docker/slim.mjs api

FROM node:20-bookworm-slim
# A volume mounted here takes over its owner, uid 1000.
RUN install -d -o node -g node /scratch
WORKDIR /app
COPY --from=slim /app/package.json ./
COPY --from=slim /app/node_modules ./node_modules
COPY --from=slim /app/dist ./dist
ENV NODE_ENV=production MILLRACE_SCRATCH=/scratch MILLRACE_HOST=0.0.0.0
# Last, so that a new build shares the layers above.
ARG MILLRACE_BUILD_ID=dev
ENV MILLRACE_BUILD_ID=$MILLRACE_BUILD_ID
USER node
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8780/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/api/main.js"]

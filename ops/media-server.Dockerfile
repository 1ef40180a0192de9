# media-server with a mediasoup worker built from the npm package and Debian's libraries (scripts/media-worker).
FROM node:24-bookworm AS worker
RUN apt-get update && apt-get install -y --no-install-recommends g++ meson ninja-build pkg-config patch \
    flatbuffers-compiler libflatbuffers-dev libuv1-dev libssl-dev libsrtp2-dev libabsl-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY contracts/package.json contracts/
COPY media-server/package.json media-server/
RUN npm ci --ignore-scripts --omit=dev --omit=optional --workspace media-server --workspace contracts
COPY scripts/media-worker scripts/media-worker
RUN bash scripts/media-worker/build.sh node_modules/mediasoup /out/mediasoup-worker

FROM node:24-bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg libuv1 libssl3 libsrtp2-1 libabsl20220623 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* && install -d -o node -g node /data
ENV NODE_ENV=production MEDIASOUP_WORKER_BIN=/usr/local/bin/mediasoup-worker
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY contracts/package.json contracts/
COPY media-server/package.json media-server/
RUN npm ci --ignore-scripts --omit=dev --omit=optional --workspace media-server --workspace contracts && npm cache clean --force
COPY --from=worker /out/mediasoup-worker /usr/local/bin/mediasoup-worker
COPY contracts contracts
COPY media-server media-server
COPY ops/healthcheck.mjs ops/drain.mjs ops/
USER node
EXPOSE 4100
CMD ["node", "media-server/src/main.ts"]

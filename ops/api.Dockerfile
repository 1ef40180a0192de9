# api with its migrations. Node runs the TypeScript sources; only the database client is generated.
FROM node:24-bookworm-slim AS generate
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY contracts/package.json contracts/
COPY api/package.json api/
RUN npm ci --ignore-scripts --include-workspace-root --workspace api --workspace contracts
COPY tsconfig.base.json ./
COPY api/prisma api/prisma
COPY api/prisma.config.ts api/
ENV PRISMA_SCHEMA_ENGINE_BINARY=/bin/true DATABASE_URL=postgresql://nobody@127.0.0.1:1/none
RUN cd api && node ../node_modules/prisma/build/index.js generate

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY contracts/package.json contracts/
COPY api/package.json api/
RUN npm ci --ignore-scripts --omit=dev --omit=optional --workspace api --workspace contracts && npm cache clean --force
COPY contracts contracts
COPY api api
COPY --from=generate /app/api/src/generated api/src/generated
COPY ops/healthcheck.mjs ops/
USER node
EXPOSE 4000
CMD ["node", "api/src/main.ts"]

# nginx with the three built apps: the one origin that people see.
FROM node:24-bookworm-slim AS apps
WORKDIR /app
COPY . .
RUN npm ci --ignore-scripts
RUN node --input-type=module --eval "const { ensureApps } = await import('./scripts/setup/apps.ts'); await ensureApps();"

FROM nginx:1.28-alpine
COPY ops/nginx/walnut-live.conf.template /etc/nginx/templates/default.conf.template
COPY ops/nginx/page.conf ops/nginx/asset.conf ops/nginx/embed.conf ops/nginx/hls.conf ops/nginx/hls-cache.conf ops/nginx/listen.conf /etc/nginx/walnut-live/
COPY --from=apps /app/player/dist /srv/player
COPY --from=apps /app/broadcaster/dist /srv/studio
COPY --from=apps /app/console/dist /srv/console
COPY --from=apps /app/live-client/dist /srv/live-client
EXPOSE 80 443

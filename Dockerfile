# One image for all commands: `docker run IMAGE worker …`, `docker run IMAGE server …`.
# Handlers and workflows are mounted into /app/project, from where they find @agentloom/* and zod.

FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
# The version of pnpm is the one that package.json names; the store is kept between builds.
RUN --mount=type=cache,target=/root/.local/share/pnpm/store \
    pnpm="npx -y $(node -p 'require("./package.json").packageManager')" \
    && $pnpm install --frozen-lockfile \
    && node_modules/.bin/tsc -b apps/cli \
    && $pnpm --filter @agentloom/cli --prod deploy --legacy /out

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    AGENTLOOM_HOME=/data \
    HEALTH_URL=http://127.0.0.1:8642/readyz
COPY --from=build --chown=root:root /out /app
# What steps write, and checkpoints; a named volume takes over this owner.
RUN mkdir /data && chown node:node /data
WORKDIR /app
USER node
VOLUME /data
EXPOSE 8642
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["node", "-e", "fetch(process.env.HEALTH_URL).then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/app/dist/main.js"]
CMD ["--help"]

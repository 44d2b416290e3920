# For those who have Docker; hack/image makes the same image without it and is what the tests use. This file is not run by them.
FROM node:26-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts && npm rebuild esbuild
COPY operator operator
COPY hack/bundle.mjs hack/bundle.mjs
RUN node hack/bundle.mjs

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /src/dist/vigil /vigil
USER 65532:65532
ENV NODE_ENV=production
ENV NODE_OPTIONS="--disable-warning=DEP0040 --max-semi-space-size=2 --max-old-space-size=110"
ENV MALLOC_MMAP_THRESHOLD_=65536 MALLOC_TRIM_THRESHOLD_=65536 MALLOC_ARENA_MAX=1
ENTRYPOINT ["/usr/local/bin/node", "/vigil/vigil.mjs"]

# The image holds one static binary, with the console's player for all browsers: no
# shell, no user database, no package to patch. The binary writes to /data only, so
# the root may be read-only.
#
#	docker build -t osslive .
#	docker run -p 127.0.0.1:9000:9000 -e OSSLIVE_KEY=myid:mysecret osslive

FROM node:22-slim AS player
WORKDIR /src
COPY server/console/hlsjs server/console/hlsjs
RUN server/console/hlsjs/fetch.sh

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY auth auth
COPY cmd cmd
COPY hls hls
COPY rtmp rtmp
COPY segmenter segmenter
COPY server server
COPY --from=player /src/server/console/static/hls.js server/console/static/hls.js
COPY store store
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o osslive ./cmd/osslive
RUN mkdir -m 700 data

FROM scratch
COPY --from=build /src/osslive /osslive
COPY --from=build --chown=65532:65532 /src/data /data
ENV OSSLIVE_DATA=/data OSSLIVE_LISTEN=0.0.0.0:9000 OSSLIVE_RTMP=0.0.0.0:1935 OSSLIVE_ADMIN=0.0.0.0:9001
USER 65532:65532
VOLUME /data
EXPOSE 9000 1935 9001
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["/osslive", "health"]
ENTRYPOINT ["/osslive"]

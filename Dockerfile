# syntax=docker/dockerfile:1
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /rekey ./cmd/rekey

FROM scratch
COPY --from=build /rekey /rekey
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["/rekey"]
CMD ["serve", "--config", "/etc/rekey/rekey.yaml"]

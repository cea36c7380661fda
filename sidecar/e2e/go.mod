module github.com/gwctl/gwctl/sidecar/e2e

go 1.26.0

require github.com/coder/websocket v1.8.15

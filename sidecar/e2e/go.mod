module github.com/gwctl/gwctl/sidecar/e2e

go 1.26.0

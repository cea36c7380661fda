module github.com/gwctl/gwctl/engine/peerbench/workload

go 1.26.0

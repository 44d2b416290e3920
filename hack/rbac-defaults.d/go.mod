module vigil.dev/hack/rbac-defaults

go 1.24.0

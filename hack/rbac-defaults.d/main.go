// Command rbac-defaults prints the RBAC objects that kubeadm creates, as lines of JSON, from the sources of k8s.io/kubernetes.
// Its argument is the folder of the module. It evaluates the composite literals of rbac types under cmd/kubeadm/app/phases and prints
// {"yaml": "..."} for a constant that holds a manifest. An expression that it cannot evaluate ends the program with an error.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The constants of other modules. They are part of the API and do not change.
var external = map[string]string{
	"k8s.io/api/rbac/v1.GroupName":                            "rbac.authorization.k8s.io",
	"k8s.io/api/rbac/v1.UserKind":                             "User",
	"k8s.io/api/rbac/v1.GroupKind":                            "Group",
	"k8s.io/api/rbac/v1.ServiceAccountKind":                   "ServiceAccount",
	"k8s.io/apimachinery/pkg/apis/meta/v1.NamespaceSystem":    "kube-system",
	"k8s.io/apimachinery/pkg/apis/meta/v1.NamespacePublic":    "kube-public",
	"k8s.io/apiserver/pkg/authentication/user.Anonymous":      "system:anonymous",
	"k8s.io/cluster-bootstrap/token/api.ConfigMapClusterInfo": "cluster-info",
}

const (
	rbacPath = "k8s.io/api/rbac/v1"
	ownPath  = "k8s.io/kubernetes/"
)

var kinds = map[string]bool{"Role": true, "ClusterRole": true, "RoleBinding": true, "ClusterRoleBinding": true}

// A source is a parsed file: its package, and the packages that it imports by their names in the file.
type source struct {
	file    *ast.File
	imports map[string]string
	path    string
}

type program struct {
	root     string
	packages map[string][]source
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "rbac-defaults: "+format+"\n", values...)
	os.Exit(1)
}

func (p *program) load(path string) []source {
	if known, ok := p.packages[path]; ok {
		return known
	}
	folder := filepath.Join(p.root, strings.TrimPrefix(path, ownPath))
	entries, err := os.ReadDir(folder)
	if err != nil {
		fail("%v", err)
	}
	var sources []source
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, name), nil, 0)
		if err != nil {
			fail("%v", err)
		}
		imports := map[string]string{}
		for _, spec := range file.Imports {
			target, _ := strconv.Unquote(spec.Path.Value)
			local := filepath.Base(target)
			if spec.Name != nil {
				local = spec.Name.Name
			}
			imports[local] = target
		}
		sources = append(sources, source{file, imports, path})
	}
	p.packages[path] = sources
	return sources
}

// constant returns the value of a string constant or variable of a package.
func (p *program) constant(path, name string) (string, bool) {
	if value, ok := external[path+"."+name]; ok {
		return value, true
	}
	if !strings.HasPrefix(path, ownPath) {
		return "", false
	}
	for _, s := range p.load(path) {
		for _, declaration := range s.file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				values, ok := spec.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for index, identifier := range values.Names {
					if identifier.Name == name && index < len(values.Values) {
						return p.text(s, values.Values[index])
					}
				}
			}
		}
	}
	return "", false
}

func (p *program) text(s source, expression ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.Ident:
		return p.constant(s.path, e.Name)
	case *ast.SelectorExpr:
		if name, ok := e.X.(*ast.Ident); ok {
			return p.constant(s.imports[name.Name], e.Sel.Name)
		}
	case *ast.CallExpr:
		return p.formatted(s, e)
	case *ast.BinaryExpr:
		left, ok := p.text(s, e.X)
		right, also := p.text(s, e.Y)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}

// formatted returns the value of fmt.Sprintf with strings.
func (p *program) formatted(s source, call *ast.CallExpr) (string, bool) {
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || function.Sel.Name != "Sprintf" || len(call.Args) == 0 {
		return "", false
	}
	format, ok := p.text(s, call.Args[0])
	if !ok {
		return "", false
	}
	var values []any
	for _, argument := range call.Args[1:] {
		value, ok := p.text(s, argument)
		if !ok {
			return "", false
		}
		values = append(values, value)
	}
	return fmt.Sprintf(format, values...), true
}

// field returns the name of a field in JSON. ObjectMeta is `metadata`.
func field(name string) string {
	if name == "ObjectMeta" {
		return "metadata"
	}
	if name == "APIGroup" || name == "APIGroups" {
		return "api" + name[3:]
	}
	return strings.ToLower(name[:1]) + name[1:]
}

func (p *program) value(s source, expression ast.Expr) any {
	literal, ok := expression.(*ast.CompositeLit)
	if !ok {
		if value, ok := p.text(s, expression); ok {
			return value
		}
		fail("%s: an expression of the type %T cannot be evaluated", s.path, expression)
	}
	object, list := map[string]any{}, []any{}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			list = append(list, p.value(s, element))
			continue
		}
		object[field(pair.Key.(*ast.Ident).Name)] = p.value(s, pair.Value)
	}
	if len(object) > 0 {
		return object
	}
	return list
}

// kindOf returns the kind of a composite literal of an rbac type with content, such as rbac.Role{ObjectMeta: ...}.
func kindOf(s source, literal *ast.CompositeLit) string {
	selector, ok := literal.Type.(*ast.SelectorExpr)
	if !ok || !kinds[selector.Sel.Name] || len(literal.Elts) == 0 {
		return ""
	}
	if name, ok := selector.X.(*ast.Ident); !ok || s.imports[name.Name] != rbacPath {
		return ""
	}
	return selector.Sel.Name
}

func main() {
	p := &program{root: os.Args[1], packages: map[string][]source{}}
	output := json.NewEncoder(os.Stdout)
	folders := map[string]bool{}
	start := filepath.Join(p.root, "cmd/kubeadm/app/phases")
	if err := filepath.WalkDir(start, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() != "testdata" {
			folders[path] = true
		}
		return err
	}); err != nil {
		fail("%v", err)
	}
	for folder := range folders {
		relative, _ := filepath.Rel(p.root, folder)
		for _, s := range p.load(ownPath + filepath.ToSlash(relative)) {
			ast.Inspect(s.file, func(node ast.Node) bool {
				switch n := node.(type) {
				case *ast.CompositeLit:
					if kind := kindOf(s, n); kind != "" {
						object := p.value(s, n).(map[string]any)
						object["kind"] = kind
						_ = output.Encode(object)
						return false
					}
				case *ast.BasicLit:
					if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && strings.Contains(text, "\nkind: ClusterRole") {
						_ = output.Encode(map[string]string{"yaml": text})
					}
				}
				return true
			})
		}
	}
}

// Command cel-oracle evaluates expressions with the Kubernetes compiler for admission expressions, without an API server.
// For each line of JSON, {"expression": "...", "object": {...}, "params": {...}}, it prints one result:
// {"compile": "..."} if the expression does not compile, else {"value": "...", "cost": 1} or {"error": "...", "cost": 1}.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/version"
	plugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

type question struct {
	Expression string          `json:"expression"`
	Object     json.RawMessage `json:"object"`
	Params     json.RawMessage `json:"params"`
}

type answer struct {
	Compile string `json:"compile,omitempty"`
	Type    string `json:"type,omitempty"`
	Value   string `json:"value,omitempty"`
	Error   string `json:"error,omitempty"`
	Cost    uint64 `json:"cost"`
}

type expression string

func (e expression) GetExpression() string    { return string(e) }
func (e expression) ReturnTypes() []*cel.Type { return []*cel.Type{cel.AnyType} }

func decode(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var value any
	err := utiljson.Unmarshal(raw, &value)
	return value, err
}

// canonical returns a value as text, with its type and with sorted map entries, so that the values of two engines can be compared.
func canonical(value ref.Val) string {
	switch v := value.(type) {
	case types.Null:
		return "null"
	case types.Bool:
		return strconv.FormatBool(bool(v))
	case types.Int:
		return strconv.FormatInt(int64(v), 10)
	case types.Uint:
		return strconv.FormatUint(uint64(v), 10) + "u"
	case types.Double:
		return "d" + strconv.FormatFloat(float64(v), 'e', -1, 64)
	case types.String:
		return "s" + hex.EncodeToString([]byte(v))
	case types.Bytes:
		return "b" + hex.EncodeToString(v)
	case types.Timestamp:
		return "t" + strconv.FormatInt(v.Unix(), 10) + "." + strconv.Itoa(v.Nanosecond())
	case types.Duration:
		return "D" + strconv.FormatInt(int64(v.Duration), 10)
	case *types.Optional:
		if !v.HasValue() {
			return "none"
		}
		return "some(" + canonical(v.GetValue()) + ")"
	case *types.Type:
		return "type(" + v.TypeName() + ")"
	case traits.Lister:
		parts := []string{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			parts = append(parts, canonical(it.Next()))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case traits.Mapper:
		parts := []string{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			parts = append(parts, canonical(key)+":"+canonical(v.Get(key)))
		}
		sort.Strings(parts)
		return "{" + strings.Join(parts, ",") + "}"
	}
	return value.Type().TypeName()
}

func evaluate(compiler plugin.Compiler, q question) (out answer) {
	defer func() {
		if r := recover(); r != nil {
			out.Error = fmt.Sprint("panic: ", r)
		}
	}()
	result := compiler.CompileCELExpression(expression(q.Expression), plugin.OptionalVariableDeclarations{HasParams: true}, environment.NewExpressions)
	if result.Error != nil {
		return answer{Compile: result.Error.Error()}
	}
	out.Type = result.OutputType.String()
	object, err := decode(q.Object)
	if err != nil {
		return answer{Compile: "object: " + err.Error()}
	}
	params, err := decode(q.Params)
	if err != nil {
		return answer{Compile: "params: " + err.Error()}
	}
	value, details, err := result.Program.Eval(map[string]any{"object": object, "oldObject": nil, "params": params, "namespaceObject": nil})
	if details != nil && details.ActualCost() != nil {
		out.Cost = *details.ActualCost()
	}
	if err != nil {
		out.Error = err.Error()
		return out
	}
	out.Value = canonical(value)
	return out
}

// minor is the Kubernetes minor version. The build sets it to the version of the module.
var minor string

func main() {
	number, err := strconv.ParseUint(minor, 10, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, "built without a version: use hack/fuzz --build")
		os.Exit(1)
	}
	compiler := plugin.NewCompiler(environment.MustBaseEnvSet(version.MajorMinor(1, uint(number))))
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return
		}
		var q question
		if err := json.Unmarshal(line, &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		text, err := json.Marshal(evaluate(compiler, q))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		out.Write(append(text, '\n'))
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

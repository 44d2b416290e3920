package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/generated/openapi"
)

// kindRow is a kind in a version. Node is the index of its fields in nodes, -1 for a kind that this server does not have.
type kindRow struct {
	Group      string `json:"group"`
	Version    string `json:"version"`
	Kind       string `json:"kind"`
	Resource   string `json:"resource"`
	Namespaced bool   `json:"namespaced"`
	Node       int    `json:"node"`
}

// node has the fields of a map. Equal nodes of different kinds are one.
type node struct {
	// Fields: the shape of each field. See shapeOf.
	Fields map[string]string `json:"f"`
	// Defaults: what the server sets if a field is absent.
	Defaults fields `json:"d,omitempty"`
	// Conditions: other defaults if a field has a value.
	Conditions []condition `json:"c,omitempty"`
	// Required: fields without which the server refuses the map.
	Required []string `json:"r,omitempty"`
	// Values: the only values of a text, or of the texts of a list.
	Values map[string][]string `json:"e,omitempty"`
	// Keys: the fields that identify the items of a list.
	Keys map[string][]string `json:"k,omitempty"`
	// Unique: the lists of Keys that the server refuses if two items have the same keys. Of others, only server-side apply does.
	Unique []string `json:"u,omitempty"`
	// Formats: see formatOf.
	Formats map[string]string `json:"p,omitempty"`
	// Others: fields that only other versions of Kubernetes have.
	Others []string `json:"n,omitempty"`
}

// condition: if the field has the value, or any value that no other condition names (Value nil), then Values are set if absent, Unset
// have no default, and Copied have the field's own value as default.
type condition struct {
	Field  string   `json:"f"`
	Value  any      `json:"v,omitempty"`
	Unset  []string `json:"u,omitempty"`
	Copied []string `json:"k,omitempty"`
	Values fields   `json:"d,omitempty"`
}

func (c condition) effect() any   { return []any{c.Unset, c.Copied, c.Values} }
func (c condition) isEmpty() bool { return len(c.Unset)+len(c.Copied)+len(c.Values) == 0 }

var special = map[reflect.Type]string{
	reflect.TypeOf(resource.Quantity{}):    "q",
	reflect.TypeOf(intstr.IntOrString{}):   "i",
	reflect.TypeOf(metav1.Time{}):          "t",
	reflect.TypeOf(metav1.MicroTime{}):     "t",
	reflect.TypeOf(metav1.Duration{}):      "s",
	reflect.TypeOf(metav1.FieldsV1{}):      "x",
	reflect.TypeOf(runtime.RawExtension{}): "x",
	reflect.TypeOf([]byte{}):               "s",
}

// builder walks the type of one kind and tries objects of it.
type builder struct {
	kind  schema.GroupVersionKind
	nodes *[]node
	known map[string]int
	stack []reflect.Type
	enums map[string]common.OpenAPIDefinition
	// published: the fields of each definition in the OpenAPI documents of all versions.
	published map[string][]string
}

// member is a field of a struct in its JSON form.
type member struct {
	name      string
	typ       reflect.Type
	omitempty bool
	openapi   *spec.Schema
}

func (b *builder) fieldsOf(t reflect.Type) []member {
	var found []member
	properties := map[string]spec.Schema{}
	if named, ok := reflect.New(t).Interface().(interface{ OpenAPIModelName() string }); ok {
		properties = b.enums[named.OpenAPIModelName()].Schema.Properties
	} else {
		properties = b.enums[t.PkgPath()+"."+t.Name()].Schema.Properties
	}
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if f.Anonymous && name == "" || strings.Contains(options, "inline") {
			if f.Type != reflect.TypeOf(metav1.TypeMeta{}) || len(b.stack) > 1 {
				found = append(found, b.fieldsOf(deref(f.Type))...)
			}
			continue
		}
		item := member{name: name, typ: f.Type, omitempty: strings.Contains(options, "omitempty")}
		if property, ok := properties[name]; ok {
			item.openapi = &property
		}
		found = append(found, item)
	}
	return found
}

// otherFields returns the fields of a struct that this server does not have, but another version does.
func (b *builder) otherFields(t reflect.Type, known map[string]string) []string {
	named, ok := reflect.New(t).Interface().(interface{ OpenAPIModelName() string })
	if !ok {
		return nil
	}
	var others []string
	for _, name := range b.published[named.OpenAPIModelName()] {
		if _, is := known[name]; !is && !(len(b.stack) == 1 && (name == "apiVersion" || name == "kind")) {
			others = append(others, name)
		}
	}
	return others
}

// publishedFields reads the OpenAPI documents beside the folders of discovery.
func publishedFields(folders []string) (map[string][]string, error) {
	published := map[string][]string{}
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(folder, "..", "openapi-spec", "swagger.json"))
		if err != nil {
			return nil, err
		}
		var document struct {
			Definitions map[string]struct {
				Properties map[string]json.RawMessage `json:"properties"`
			} `json:"definitions"`
		}
		if err := json.Unmarshal(text, &document); err != nil {
			return nil, err
		}
		for name, definition := range document.Definitions {
			for property := range definition.Properties {
				if !slices.Contains(published[name], property) {
					published[name] = append(published[name], property)
				}
			}
			sort.Strings(published[name])
		}
	}
	return published, nil
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func isStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && special[t] == "" && t.Name() != "JSON" && t.Name() != "JSONSchemaProps"
}

// shapeOf: one letter, "?" if an empty value is the same as none, and the node of its items.
// S a map, L a list of maps, M a map of maps, s a text, n a number, b a boolean, q a quantity, i a number or text, l a list of scalars, r and w a
// map of quantities, t a time, x anything, m a map of texts, y another map.
func (b *builder) shapeOf(f member, path []string) string {
	t := deref(f.typ)
	pointer := f.typ.Kind() == reflect.Pointer
	empty := ""
	if f.omitempty && !pointer {
		empty = "?"
	}
	if special[t] != "" {
		if special[t] == "i" && !pointer {
			return "i?"
		}
		if t.Kind() == reflect.Struct {
			empty = ""
		}
		return special[t] + empty
	}
	switch {
	case isStruct(t):
		return "S" + b.nodeOf(t, path)
	case t.Kind() == reflect.Struct:
		return "x"
	case t.Kind() == reflect.Slice:
		if item := deref(t.Elem()); isStruct(item) {
			return "L" + empty + b.nodeOf(item, append(path, "[]"))
		}
		if special[deref(t.Elem())] == "x" {
			return "x"
		}
		return "l" + empty
	case t.Kind() == reflect.Map:
		item := deref(t.Elem())
		if isStruct(item) {
			return "M" + empty + b.nodeOf(item, append(path, "{}"))
		}
		if special[item] == "q" {
			return b.rounding(path) + empty
		}
		if item.Kind() == reflect.String {
			return "m" + empty
		}
		return "y" + empty
	}
	// An empty value of these is the same as no value.
	if !pointer {
		empty = "?"
	}
	switch {
	case t.Kind() == reflect.Bool:
		return "b" + empty
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return "n" + empty
	}
	return "s" + empty
}

// rounding returns the shape of a map of quantities: r if the server rounds them up to thousandths, else w.
func (b *builder) rounding(path []string) string {
	name := path[len(path)-1]
	served := b.try(path[:len(path)-1], fields{name: fields{"cpu": "1u"}})
	entries, _ := served[name].(fields)
	if entries["cpu"] == "1u" {
		return "w"
	}
	return "r"
}

// holder returns an object of the kind whose value at the path is the given one.
func (b *builder) holder(path []string, value any) fields {
	for i := len(path) - 1; i >= 0; i-- {
		switch path[i] {
		case "[]":
			value = []any{value}
		case "{}":
			value = fields{"x": value}
		default:
			value = fields{path[i]: value}
		}
	}
	object, _ := value.(fields)
	copied := fields{}
	for name, item := range object {
		copied[name] = item
	}
	copied["apiVersion"], copied["kind"] = b.kind.ToAPIVersionAndKind()
	return copied
}

// try returns the map at the path after the server decoded it. Nil if the object is refused.
func (b *builder) try(path []string, value fields) fields {
	served, err := serveJSON(b.holder(path, value))
	if err != nil {
		return nil
	}
	var current any = served
	for _, step := range path {
		switch step {
		case "[]":
			list, _ := current.([]any)
			if len(list) == 0 {
				return nil
			}
			current = list[0]
		case "{}":
			entries, _ := current.(fields)
			current = entries["x"]
		default:
			entries, _ := current.(fields)
			current = entries[step]
		}
	}
	found, _ := withoutClock(current).(fields)
	if len(path) == 0 && found != nil {
		delete(found, "apiVersion")
		delete(found, "kind")
	}
	return found
}

var clock = regexp.MustCompile(`^\d{4}-\d\d-\d\dT`)

// withoutClock removes what the server sets to the current time.
func withoutClock(value any) any {
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			value[i] = withoutClock(item)
		}
	case fields:
		for name, item := range value {
			if text, ok := item.(string); ok && clock.MatchString(text) {
				delete(value, name)
			} else {
				value[name] = withoutClock(item)
			}
		}
	}
	return value
}

func equal(a, b any) bool {
	first, _ := json.Marshal(a)
	second, _ := json.Marshal(b)
	return string(first) == string(second)
}

// moreValues: values that select defaults and that no schema lists.
var moreValues = map[string][]any{"kind": {"User", "Group", "ServiceAccount"}, "type": {"Container", "Limited", "Exempt", "Queue", "Reject"}}

func (b *builder) samples(f member) []any {
	t := deref(f.typ)
	switch {
	case special[t] == "q":
		return []any{"1"}
	case special[t] == "i":
		return []any{sampleNumber}
	case special[t] == "t" || special[t] == "x" || t == reflect.TypeOf(metav1.Duration{}):
		return nil
	case special[t] == "s":
		return []any{"eA=="}
	case t.Kind() == reflect.Struct:
		if f.typ.Kind() == reflect.Pointer {
			return []any{fields{}}
		}
		return nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return []any{[]any{sampleText}}
	case t.Kind() == reflect.Slice && deref(t.Elem()).Kind() == reflect.Struct:
		return []any{[]any{fields{}}}
	case t.Kind() == reflect.Map && special[deref(t.Elem())] == "q":
		return []any{fields{"cpu": fmt.Sprint(sampleNumber)}}
	case t.Kind() == reflect.Map && t.Elem().Kind() == reflect.String:
		return []any{fields{"x": sampleText}}
	case t.Kind() == reflect.Bool:
		return []any{true, false}
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return []any{sampleNumber}
	case t.Kind() == reflect.String:
		values := append([]any{sampleText}, moreValues[f.name]...)
		if f.openapi != nil {
			values = append(values, f.openapi.Enum...)
		}
		return values
	}
	return nil
}

// Values that no schema has: where they appear in another field, the server copied them.
const (
	sampleNumber = 4217
	sampleText   = "vigil-sample"
	// sampleText in base64.
	sampleEncoded = "dmlnawwtc2ftcgxl"
)

// isDerived: the defaults depend on the content of the value, not only on whether it is set. The interpreter has these in code.
func (c condition) isDerived() bool {
	text, _ := json.Marshal(c.Values)
	content := strings.ToLower(string(text))
	for _, part := range []string{sampleText, sampleEncoded, fmt.Sprint(sampleNumber)} {
		if strings.Contains(content, part) {
			return true
		}
	}
	return c.Field == "image" && c.Values["imagePullPolicy"] != nil || c.Field == "reference"
}

// conditionFor compares the defaults with a value in one field to those without. Nil if the value is refused.
func (b *builder) conditionFor(t reflect.Type, path []string, base fields, f member, value any) *condition {
	served := b.try(path, fields{f.name: value})
	if served == nil {
		return nil
	}
	found := condition{Field: f.name, Value: value, Values: fields{}}
	for _, other := range b.fieldsOf(t) {
		if other.name == f.name || len(path) == 0 && other.name == "metadata" {
			continue
		}
		before, was := base[other.name]
		after, is := served[other.name]
		switch {
		case was && !is:
			found.Unset = append(found.Unset, other.name)
		case is && (value == sampleText || value == sampleNumber) && equal(after, value):
			found.Copied = append(found.Copied, other.name)
		case is && (!was || !equal(before, after)):
			found.Values[other.name] = after
		}
	}
	return &found
}

// conditionsFor tries the values of a field. The first sample of a text stands for any value without a condition of its own.
func (b *builder) conditionsFor(t reflect.Type, path []string, base fields, f member) []condition {
	var tried []condition
	for _, value := range b.samples(f) {
		if found := b.conditionFor(t, path, base, f, value); found != nil {
			tried = append(tried, *found)
		}
	}
	if len(tried) == 0 {
		return nil
	}
	for _, item := range tried {
		if item.isDerived() {
			fmt.Fprintln(os.Stderr, "derived:", t.Name(), f.name)
			return nil
		}
	}
	if tried[0].Value == true {
		return without(tried, condition{})
	}
	other := tried[0]
	other.Value = nil
	kept := without(tried[1:], other)
	if !other.isEmpty() {
		kept = append(kept, other)
	}
	return kept
}

// without returns the conditions with another effect than the given one.
func without(conditions []condition, other condition) []condition {
	var kept []condition
	for _, item := range conditions {
		if !equal(item.effect(), other.effect()) && !(item.isEmpty() && other.isEmpty()) {
			kept = append(kept, item)
		}
	}
	return kept
}

func (b *builder) nodeOf(t reflect.Type, path []string) string {
	for _, above := range b.stack {
		if above == t {
			return ""
		}
	}
	b.stack = append(b.stack, t)
	defer func() { b.stack = b.stack[:len(b.stack)-1] }()
	path = append([]string{}, path...)
	made := node{Fields: map[string]string{}, Defaults: fields{}}
	base := b.try(path, fields{})
	list := b.fieldsOf(t)
	for _, f := range list {
		made.Fields[f.name] = b.shapeOf(f, append(append([]string{}, path...), f.name))
		if value, ok := base[f.name]; ok && !(len(path) == 0 && f.name == "metadata") {
			made.Defaults[f.name] = value
		}
	}
	if base != nil {
		for _, f := range list {
			made.Conditions = append(made.Conditions, b.conditionsFor(t, path, base, f)...)
		}
	}
	b.addRules(&made, t, path)
	made.Others = b.otherFields(t, made.Fields)
	text, err := json.Marshal(made)
	if err != nil {
		panic(err)
	}
	index, ok := b.known[string(text)]
	if !ok {
		index = len(*b.nodes)
		*b.nodes = append(*b.nodes, made)
		b.known[string(text)] = index
	}
	return fmt.Sprint(index)
}

// discovered returns the resources of all versions that the sources list.
func discovered(folders []string) ([]kindRow, error) {
	var paths []string
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(folder, "*__v*.json"))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("%s: no discovery documents", folder)
		}
		paths = append(paths, found...)
	}
	var rows []kindRow
	seen := map[schema.GroupVersionKind]bool{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var list metav1.APIResourceList
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, err
		}
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, item := range list.APIResources {
			kind := version.WithKind(item.Kind)
			if strings.Contains(item.Name, "/") || seen[kind] {
				continue
			}
			seen[kind] = true
			rows = append(rows, kindRow{version.Group, version.Version, item.Kind, item.Name, item.Namespaced, -1})
		}
	}
	sort.Slice(rows, func(i, j int) bool {
		a, b := rows[i], rows[j]
		return a.Group+"/"+a.Version+"/"+a.Kind < b.Group+"/"+b.Version+"/"+b.Kind
	})
	return rows, nil
}

func printSchema(folders []string) {
	rows, err := discovered(folders)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	published, err := publishedFields(folders)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	definitions := openapi.GetOpenAPIDefinitions(func(path string) spec.Ref { return spec.Ref{} })
	nodes := []node{}
	known := map[string]int{}
	for i, row := range rows {
		kind := schema.GroupVersionKind{Group: row.Group, Version: row.Version, Kind: row.Kind}
		object, err := legacyscheme.Scheme.New(kind)
		if err != nil {
			continue
		}
		b := &builder{kind: kind, nodes: &nodes, known: known, enums: definitions, published: published}
		fmt.Sscan(b.nodeOf(reflect.TypeOf(object).Elem(), nil), &rows[i].Node)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(fields{"kinds": rows, "nodes": nodes}); err != nil {
		panic(err)
	}
}

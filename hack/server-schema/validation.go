package main

import (
	"context"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// refusals returns what the server's validation finds in an object that nobody stored before. ok is false if it cannot be told.
func refusals(object fields) (found field.ErrorList, ok bool) {
	defer func() {
		if recover() != nil {
			found, ok = nil, false
		}
	}()
	text, err := json.Marshal(object)
	if err != nil {
		return nil, false
	}
	internal, kind, err := legacyscheme.Codecs.UniversalDeserializer().Decode(text, nil, nil)
	if err != nil {
		return nil, false
	}
	strategy := strategies[kind.GroupKind()]
	if strategy == nil {
		return nil, false
	}
	legacyscheme.Scheme.Default(internal)
	internal, err = legacyscheme.Scheme.ConvertToVersion(internal, schema.GroupVersions{{Group: kind.Group, Version: runtime.APIVersionInternal}})
	if err != nil {
		return nil, false
	}
	ctx := request.WithRequestInfo(context.Background(), &request.RequestInfo{
		IsResourceRequest: true, Verb: "create", APIGroup: kind.Group, APIVersion: kind.Version,
	})
	if strategy.NamespaceScoped() {
		internal.(metav1.Object).SetNamespace("x")
		ctx = request.WithNamespace(ctx, "x")
	}
	strategy.PrepareForCreate(ctx, internal)
	return strategy.Validate(ctx, internal), true
}

// textOf returns a path as the server writes it in errors.
func textOf(path []string) string {
	text := ""
	for _, step := range path {
		switch step {
		case "[]":
			text += "[0]"
		case "{}":
			text += "[x]"
		default:
			text += "." + step
		}
	}
	return strings.TrimPrefix(text, ".")
}

// errorAt returns the error of a type at a path, and whether there is one.
func errorAt(found field.ErrorList, kind field.ErrorType, path string) (*field.Error, bool) {
	for _, item := range found {
		if item.Type == kind && item.Field == path {
			return item, true
		}
	}
	return nil, false
}

func hasErrorBelow(found field.ErrorList, path string) bool {
	for _, item := range found {
		if item.Field == path || strings.HasPrefix(item.Field, path+".") || strings.HasPrefix(item.Field, path+"[") {
			return true
		}
	}
	return false
}

// holds: an error of the map at the path stays, whatever valid value another field of the map has. Otherwise it depends on that field.
func (b *builder) holds(t reflect.Type, path []string, name string, value any, kind field.ErrorType, place string) bool {
	for _, other := range b.fieldsOf(t) {
		if other.name == name {
			continue
		}
		for _, sample := range b.samples(other) {
			content := fields{other.name: sample}
			if value != nil {
				content[name] = value
			}
			found, ok := refusals(b.holder(path, content))
			if !ok || hasErrorBelow(found, textOf(append(append([]string{}, path...), other.name))) {
				continue
			}
			if _, still := errorAt(found, kind, place); !still {
				return false
			}
		}
	}
	return true
}

// emptyOf returns the value of a field that the server takes for none, if it is not left out.
func emptyOf(f member) any {
	t := deref(f.typ)
	switch {
	case t.Kind() == reflect.String:
		return ""
	case t.Kind() == reflect.Slice && special[t] == "":
		return []any{}
	case t.Kind() == reflect.Map:
		return fields{}
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return 0
	}
	return nil
}

// isEmpty: a value that the server writes for a field without one.
func isEmpty(value any) bool {
	text, _ := json.Marshal(value)
	return slices.Contains([]string{`""`, "null", "[]", "{}", "0"}, string(text))
}

// isRequired: the server refuses the map at the path if the field is absent or empty, and the error goes away with a value.
func (b *builder) isRequired(t reflect.Type, path []string, absent field.ErrorList, f member) bool {
	place := textOf(append(append([]string{}, path...), f.name))
	if _, ok := errorAt(absent, field.ErrorTypeRequired, place); !ok {
		return false
	}
	if empty := emptyOf(f); empty != nil {
		// A pointer to an empty text is set, and not one of the values that the server accepts.
		if b.refuses(path, f.name, empty, place) == "" {
			return false
		}
	}
	cured := false
	values := b.samples(f)
	if len(values) == 0 && isStruct(deref(f.typ)) {
		values = []any{fields{}}
	}
	for _, value := range values {
		found, ok := refusals(b.holder(path, fields{f.name: value}))
		if _, still := errorAt(found, field.ErrorTypeRequired, place); ok && !still {
			cured = true
		}
	}
	return cured && b.holds(t, path, f.name, nil, field.ErrorTypeRequired, place)
}

// open names fields that accept more values than the server lists: huge pages of every size.
var open = map[string]bool{"resource": true}

var quoted = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)

// valuesOf returns the only values of a text, or of the texts of a list, that the server accepts. Nil if it accepts others or it depends.
func (b *builder) valuesOf(t reflect.Type, path []string, f member) []string {
	kind := deref(f.typ)
	if open[f.name] {
		return nil
	}
	isList := kind.Kind() == reflect.Slice && deref(kind.Elem()).Kind() == reflect.String
	if kind.Kind() != reflect.String && !isList {
		return nil
	}
	place := textOf(append(append([]string{}, path...), f.name))
	wrap := func(text string) any { return text }
	if isList {
		place += "[0]"
		wrap = func(text string) any { return []any{text} }
	}
	found, ok := refusals(b.holder(path, fields{f.name: wrap(sampleText)}))
	refused, is := errorAt(found, field.ErrorTypeNotSupported, place)
	if !ok || !is {
		return nil
	}
	var values []string
	for _, match := range quoted.FindAllStringSubmatch(refused.Detail, -1) {
		values = append(values, match[1])
	}
	if f.openapi != nil {
		for _, value := range f.openapi.Enum {
			if text, is := value.(string); is && !slices.Contains(values, text) {
				// A feature that is off by default. Another server accepts it.
				values = append(values, text)
			}
		}
	}
	var kept []string
	for _, value := range values {
		if strings.Contains(value, "{") {
			return nil
		}
		if kind := b.refuses(path, f.name, wrap(value), place); kind == "" || !b.holds(t, path, f.name, wrap(value), kind, place) {
			kept = append(kept, value)
		}
	}
	if len(kept) == 0 || !b.holds(t, path, f.name, wrap(sampleText), field.ErrorTypeNotSupported, place) {
		return nil
	}
	sort.Strings(kept)
	return kept
}

// refuses returns the type of the error that the server finds at the place of a value. Empty: it accepts the value.
func (b *builder) refuses(path []string, name string, value any, place string) field.ErrorType {
	found, _ := refusals(b.holder(path, fields{name: value}))
	for _, kind := range []field.ErrorType{field.ErrorTypeNotSupported, field.ErrorTypeRequired} {
		if _, is := errorAt(found, kind, place); is {
			return kind
		}
	}
	return ""
}

// isKeyed: the server refuses two items of the list with the same keys.
func (b *builder) isKeyed(path []string, f member, keys []string) bool {
	item := deref(f.typ).Elem()
	content := fields{}
	for _, inner := range b.fieldsOf(deref(item)) {
		for _, key := range keys {
			if samples := b.samples(inner); inner.name == key && len(samples) > 0 {
				content[key] = samples[0]
			}
		}
	}
	found, _ := refusals(b.holder(path, fields{f.name: []any{content, content}}))
	place := textOf(append(append([]string{}, path...), f.name)) + "[1]"
	for _, item := range found {
		if item.Type == field.ErrorTypeDuplicate && (item.Field == place || strings.HasPrefix(item.Field, place+".")) {
			return true
		}
	}
	return false
}

// mapKeys returns the fields that identify the items of a list, as the OpenAPI document has them.
func mapKeys(f member) []string {
	if f.openapi == nil || deref(f.typ).Kind() != reflect.Slice {
		return nil
	}
	if listType, _ := f.openapi.Extensions.GetString("x-kubernetes-list-type"); listType != "map" {
		return nil
	}
	keys, _ := f.openapi.Extensions.GetStringSlice("x-kubernetes-list-map-keys")
	return keys
}

// formatOf returns what a text must hold, or what the items of a list or map are, if the shape does not tell: B base64, D a duration,
// n numbers, x anything.
func formatOf(f member) string {
	t := deref(f.typ)
	switch {
	case t == reflect.TypeOf([]byte{}):
		return "B"
	case t == reflect.TypeOf(metav1.Duration{}):
		return "D"
	case special[t] != "":
		return ""
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return "x"
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Map:
		item := deref(t.Elem())
		switch {
		case item == reflect.TypeOf([]byte{}):
			return "B"
		case isStruct(item) || special[item] == "q" || item.Kind() == reflect.String:
			return ""
		case item.Kind() >= reflect.Int && item.Kind() <= reflect.Uint64:
			return "n"
		}
		return "x"
	}
	return ""
}

// addRules adds what the server refuses in the map at the path.
func (b *builder) addRules(made *node, t reflect.Type, path []string) {
	absent, validated := refusals(b.holder(path, fields{}))
	// The server itself sets the name, from generateName, and the uid.
	isMetadata := len(path) == 1 && path[0] == "metadata"
	for _, f := range b.fieldsOf(t) {
		if format := formatOf(f); format != "" {
			set(&made.Formats, f.name, format)
		}
		keys := mapKeys(f)
		if keys != nil {
			set(&made.Keys, f.name, keys)
		}
		if !validated {
			continue
		}
		if keys != nil && b.isKeyed(path, f, keys) {
			made.Unique = append(made.Unique, f.name)
		}
		if value, has := made.Defaults[f.name]; (!has || isEmpty(value)) && !isMetadata && b.isRequired(t, path, absent, f) {
			made.Required = append(made.Required, f.name)
		}
		if values := b.valuesOf(t, path, f); values != nil {
			set(&made.Values, f.name, values)
		}
	}
}

func set[V any](target *map[string]V, name string, value V) {
	if *target == nil {
		*target = map[string]V{}
	}
	(*target)[name] = value
}

// problem is why the server refuses an object, or a field that it drops.
type problem struct {
	Path    string `json:"path"`
	Type    string `json:"type"`
	Message string `json:"message"`
}

// validate decodes an object strictly and validates it.
func validate(text []byte) []problem {
	problems := []problem{}
	decoder := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	if _, _, err := decoder.Decode(text, nil, nil); err != nil {
		kind := "Decode"
		if runtime.IsStrictDecodingError(err) {
			kind = "Strict"
		}
		problems = append(problems, problem{"", kind, err.Error()})
	}
	var object fields
	if err := json.Unmarshal(text, &object); err != nil {
		return problems
	}
	found, ok := refusals(object)
	if !ok {
		problems = append(problems, problem{"", "Unknown", "not validated"})
	}
	for _, item := range found {
		problems = append(problems, problem{item.Field, string(item.Type), item.ErrorBody()})
	}
	return problems
}

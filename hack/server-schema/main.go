// Command server-schema observes what a Kubernetes API server makes of an object: it decodes it, sets defaults, converts it to the
// server's internal form and back, and encodes it. That is the object which a ValidatingAdmissionPolicy reads, before admission plugins.
//
//	server-schema schema DISCOVERY...  prints the kinds of the server, and for each kind its fields and defaults, found by trying objects.
//	                                   DISCOVERY is the folder api/discovery of the sources of a version of Kubernetes.
//	server-schema serve                for each line of JSON, an object, prints {"object": ...} or {"error": "..."}.
//	server-schema validate             for each line of JSON, an object, prints what kubectl apply of a new object finds, as [{"path", "type",
//	                                   "message"}]: what strict decoding finds, and what validation finds.
//	server-schema quantities           for each line of JSON, a quantity, prints it in its canonical form as JSON, or null.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/install"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apiserverinternal/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/authentication/install"
	_ "k8s.io/kubernetes/pkg/apis/authorization/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/extensions/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	_ "k8s.io/kubernetes/pkg/apis/storagemigration/install"
)

// fields is a JSON object.
type fields = map[string]any

// serve returns an object as the API server has it after decoding.
func serve(text []byte) (object fields, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	internal, kind, err := legacyscheme.Codecs.UniversalDeserializer().Decode(text, nil, nil)
	if err != nil {
		return nil, err
	}
	legacyscheme.Scheme.Default(internal)
	version := schema.GroupVersions{{Group: kind.Group, Version: runtime.APIVersionInternal}}
	internal, err = legacyscheme.Scheme.ConvertToVersion(internal, version)
	if err != nil {
		return nil, err
	}
	external, err := legacyscheme.Scheme.ConvertToVersion(internal, kind.GroupVersion())
	if err != nil {
		return nil, err
	}
	return runtime.DefaultUnstructuredConverter.ToUnstructured(external)
}

func serveJSON(object fields) (fields, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return serve(text)
}

func eachLine(answer func([]byte) any) {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 64<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for input.Scan() {
		text, err := json.Marshal(answer(input.Bytes()))
		if err != nil {
			panic(err)
		}
		output.Write(text)
		output.WriteByte('\n')
		output.Flush()
	}
}

func main() {
	apiextensions.Install(legacyscheme.Scheme)
	apiregistration.Install(legacyscheme.Scheme)
	command := ""
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	switch {
	case command == "schema" && len(os.Args) > 2:
		printSchema(os.Args[2:])
	case command == "serve":
		eachLine(func(text []byte) any {
			object, err := serve(text)
			if err != nil {
				return fields{"error": err.Error()}
			}
			return fields{"object": object}
		})
	case command == "validate":
		eachLine(func(text []byte) any { return validate(text) })
	case command == "quantities":
		eachLine(func(text []byte) any {
			var quantity resource.Quantity
			if json.Unmarshal(text, &quantity) != nil {
				return nil
			}
			quantity.RoundUp(resource.Milli)
			return quantity.String()
		})
	default:
		fmt.Fprintln(os.Stderr, "usage: server-schema schema DISCOVERY... | serve | validate | quantities")
		os.Exit(2)
	}
}

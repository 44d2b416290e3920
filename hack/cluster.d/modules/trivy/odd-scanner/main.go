// Command odd-scanner replaces Trivy in tests. It runs Trivy, except for an image with a package odd-scanner-DAY-in-VERB: for that, it fails
// in the way DAY when it is called with VERB.
//
//	odd-scanner rootfs ... --output FILE FOLDER
//	odd-scanner sbom ... FILE
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const work = "/vigil/work"

// The paths of Trivy in its image, and in a pod that mounts that image.
var places = []string{"/usr/libexec/trivy", "/vigil/trivy/usr/libexec/trivy"}

var name = regexp.MustCompile(`odd-scanner-([a-z]+)-in-([a-z]+)`)

func main() {
	day := "good"
	if len(os.Args) > 1 {
		day = dayOf(os.Args[1], os.Args[len(os.Args)-1])
	}
	if err := live(day); err != nil {
		fmt.Fprintln(os.Stderr, "odd-scanner:", err)
		os.Exit(1)
	}
}

func dayOf(verb, subject string) string {
	text, _ := os.ReadFile(subject)
	if verb == "rootfs" {
		folders, _ := filepath.Glob(filepath.Join(subject, "app/node_modules/*"))
		text = []byte(strings.Join(folders, " "))
	}
	for _, found := range name.FindAllSubmatch(text, -1) {
		if string(found[2]) == verb {
			return string(found[1])
		}
	}
	return "good"
}

func live(day string) error {
	switch day {
	case "memory": // Allocates memory without end, like an archive bomb.
		var held [][]byte
		for {
			part := make([]byte, 64<<20)
			for at := 0; at < len(part); at += 4096 {
				part[at] = 1
			}
			held = append(held, part)
			runtime.KeepAlive(held)
		}
	case "disk": // Fills the temporary folder, like large layers or archives.
		file, err := os.Create(filepath.Join(work, "fill"))
		if err != nil {
			return err
		}
		if err := syscall.Fallocate(int(file.Fd()), 0, 0, 1200<<20); err != nil {
			return err
		}
		time.Sleep(time.Hour)
	case "forever": // Never ends, like an analyser in an endless loop.
		time.Sleep(time.Hour)
	case "garbage": // Writes valid JSON of another format, with exit code 0.
		return write(map[string]any{"vulnerabilities": []string{}})
	case "many": // Writes 20,000 findings.
		return write(manyFindings())
	case "terminal": // Writes control characters in a package name, which the author of an image can choose.
		return write(findings([]any{finding("a\x1b]0;owned\x07\x1b[2J\u009b31m\u202eb\x00", 1)}))
	case "crash": // Panics with a stack trace.
		panic("\x1b[31mruntime error\x1b[0m:\x1b]0;owned\x07 index out of range")
	}
	return trivy()
}

func write(report any) error {
	var out io.Writer = os.Stdout
	for at, argument := range os.Args {
		if argument == "--output" {
			file, err := os.Create(os.Args[at+1])
			if err != nil {
				return err
			}
			defer file.Close()
			out = file
		}
	}
	return json.NewEncoder(out).Encode(report)
}

func findings(found []any) any {
	result := map[string]any{"Target": "app", "Class": "lang-pkgs", "Type": "node-pkg", "Vulnerabilities": found}
	return map[string]any{"SchemaVersion": 2, "Results": []any{result}}
}

func finding(name string, index int) any {
	return map[string]any{
		"VulnerabilityID": fmt.Sprintf("CVE-2020-%05d", index), "PkgName": name, "InstalledVersion": "1.0.0", "FixedVersion": "2.0.0",
		"Severity": []string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}[index%4], "Title": "Something that is known: " + strings.Repeat("x", 80),
		"PrimaryURL": fmt.Sprintf("https://example.com/CVE-2020-%05d", index),
	}
}

func manyFindings() any {
	found := make([]any, 20000)
	for index := range found {
		found[index] = finding(fmt.Sprintf("package-%d", index%500), index)
	}
	return findings(found)
}

// trivy executes Trivy. A program in a mounted image cannot be executed, so it is copied first.
func trivy() error {
	for _, place := range places {
		if _, err := os.Stat(place); err != nil {
			continue
		}
		if strings.HasPrefix(place, "/vigil/") {
			copied := filepath.Join(work, "trivy-itself")
			if err := copyProgram(place, copied); err != nil {
				return err
			}
			place = copied
		}
		return syscall.Exec(place, append([]string{"trivy"}, os.Args[1:]...), os.Environ())
	}
	return fmt.Errorf("no Trivy at %s", strings.Join(places, " or "))
}

func copyProgram(from, to string) error {
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return target.Close()
}

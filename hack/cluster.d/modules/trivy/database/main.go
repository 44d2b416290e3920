// Command database writes a small vulnerability database in Trivy's format (schema 2) from facts in JSON:
//
//	database FACTS.json FOLDER
//
// The facts are {"sources": {BUCKET: {...}}, "advisories": {BUCKET: {PACKAGE: {ID: {...}}}}, "vulnerabilities": {ID: {...}}}.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

type values map[string]json.RawMessage

type facts struct {
	UpdatedAt       string                       `json:"updatedAt"`
	Sources         values                       `json:"sources"`
	Advisories      map[string]map[string]values `json:"advisories"`
	Vulnerabilities values                       `json:"vulnerabilities"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: database FACTS.json FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "database:", err)
		os.Exit(1)
	}
}

func write(source, folder string) error {
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	var read facts
	if err := json.Unmarshal(text, &read); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	file := filepath.Join(folder, "trivy.db")
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
		return err
	}
	db, err := bolt.Open(file, 0o644, nil)
	if err != nil {
		return err
	}
	if err := db.Update(func(tx *bolt.Tx) error { return fill(tx, read) }); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	metadata := map[string]any{"Version": 2, "UpdatedAt": read.UpdatedAt, "NextUpdate": read.UpdatedAt, "DownloadedAt": read.UpdatedAt}
	encoded, err := json.Marshal(metadata)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "metadata.json"), encoded, 0o644)
}

func fill(tx *bolt.Tx, read facts) error {
	if err := put(tx, []string{"data-source"}, read.Sources); err != nil {
		return err
	}
	for platform, packages := range read.Advisories {
		for name, advisories := range packages {
			if err := put(tx, []string{platform, name}, advisories); err != nil {
				return err
			}
		}
	}
	return put(tx, []string{"vulnerability"}, read.Vulnerabilities)
}

// put writes values into the bucket at a path. It creates missing buckets.
func put(tx *bolt.Tx, path []string, content values) error {
	bucket, err := tx.CreateBucketIfNotExists([]byte(path[0]))
	for _, name := range path[1:] {
		if err != nil {
			return err
		}
		bucket, err = bucket.CreateBucketIfNotExists([]byte(name))
	}
	if err != nil {
		return err
	}
	for key, value := range content {
		if err := bucket.Put([]byte(key), value); err != nil {
			return err
		}
	}
	return nil
}

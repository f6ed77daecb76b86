// Reads folders from standard input, a line each, and says for each the licences that the texts in it are of, as JSON: folder to SPDX ids.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/google/licensecheck"
)

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-._].*)?$`)

// As much of a text has to be a licence that is known; less may be another one with a known one quoted in it.
const enoughPercent = 75

func main() {
	log.SetFlags(0)
	found := map[string][]string{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		ids, err := licencesIn(lines.Text())
		if err != nil {
			log.Fatal(err)
		}
		found[lines.Text()] = ids
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		log.Fatal(err)
	}
}

func licencesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, entry := range entries {
		if entry.IsDir() || !licenceFile.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		coverage := licensecheck.Scan(text)
		if coverage.Percent < enoughPercent {
			continue
		}
		for _, match := range coverage.Match {
			if !slices.Contains(ids, match.ID) && !match.IsURL {
				ids = append(ids, match.ID)
			}
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Package cmd holds the commands; the test of this folder keeps the structure
// of the whole module.
package cmd

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/boardprobe/boardprobe/"

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
	GoFiles    []string
	Dir        string
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	c := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps,Standard,GoFiles,Dir"}, args...)...)
	c.Env = append(c.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// under reports whether a package is the named one, or below it if the name
// ends in /...
func under(path, name string) bool {
	if stem, ok := strings.CutSuffix(name, "/..."); ok {
		return path == stem || strings.HasPrefix(path, stem+"/")
	}
	return path == name
}

// TestImports holds every direct import of our own packages against the rules.
func TestImports(t *testing.T) {
	// A package may import of the module what the first rule that fits allows.
	rules := []struct {
		from, may, why string
	}{
		{"report", "", "any program can read a report with it, so it needs the standard library only"},
		{"boards", "report", "knowledge as data, with citations as facts"},
		{"boards/desk/generate", "probe/decode/...", "makes a table from kernel packages"},
		{"boards/desk/generate/blobs", "", "makes a table from firmware packages"},
		{"boards/desk", "boards report probe/decode/...", "large tables, used at the desk"},
		{"probe/decode/...", "probe/decode/...", "pure decoders that everybody may import"},
		{"probe", "report boards probe/decode/...", "collects; judges, signs and shows nothing"},
		{"report/seal", "report", "signs a document without knowing what it says"},
		{"report/annex", "probe/decode/...", "reads and writes one document; what it means is judged elsewhere"},
		{"report/page", "", "sets text, whatever it says"},
		{"report/require", "report report/page boards probe/decode/...", "judges what is in a report, wherever that came from"},
		{"report/diff", "report boards boards/desk probe/decode/...", "compares documents, at the desk"},
		{"report/scope", "report report/page report/require boards boards/desk probe/decode/...", "says what the facts mean for balenaOS, at the desk"},
		{"report/show", "report report/page report/require boards boards/desk probe/decode/...", "shows documents, at the desk"},
		{"initramfs/image", "probe/decode/...", "builds images at the desk, where nothing is probed"},
		{"initramfs/deliver", "probe/decode/...", "carries bytes; what they say is not its subject"},
		{"initramfs/boot", "initramfs/deliver probe/decode/...", "its child probes, so that it survives"},
		{"initramfs/emulator/radios", "", "plays devices, as somebody else would who knows the standards only"},
		{"initramfs/emulator/guest", "initramfs/emulator/radios", "runs in emulated boards, beside the probe"},
		{"cmd/internal/screen", "report", "writes what people read, and shows of it nothing that a terminal obeys"},
		{"cmd/internal/infile", "", "reads the files that people name"},
		{"cmd/boardprobe", "cmd/internal/... probe probe/decode/... report report/seal report/require boards initramfs/boot", "what runs on a board stays small"},
		{"cmd/boardimage", "cmd/internal/... initramfs/image probe/decode/...", "needs neither a probe nor a report"},
		{"cmd/boardreport", "cmd/internal/... report/... boards/... probe probe/decode/...", "the only place where reports and collectors meet, to replay"},
	}
	for _, p := range list(t, module+"...") {
		from := strings.TrimPrefix(p.ImportPath, module)
		at := slices.IndexFunc(rules, func(r struct{ from, may, why string }) bool { return under(from, r.from) })
		if at < 0 {
			if len(p.GoFiles) > 0 && from != "initramfs/emulator" {
				t.Errorf("%s: no rule says what it may import", from)
			}
			continue
		}
		for _, path := range p.Imports {
			to, ours := strings.CutPrefix(path, module)
			if ours && !slices.ContainsFunc(strings.Fields(rules[at].may), func(name string) bool { return under(to, name) }) {
				t.Errorf("%s imports %s: %s", from, to, rules[at].why)
			}
			if from == "report" && strings.Contains(path, ".") {
				t.Errorf("%s imports %s: %s", from, path, rules[at].why)
			}
		}
	}
}

// TestReach holds what the program for the board is linked from against what
// makes it large or dangerous.
func TestReach(t *testing.T) {
	never := []struct{ path, why string }{
		{"text/template", "a megabyte, and the verdict table is lines"},
		{"html/template", "pages are made at the desk"},
		{"testing", "is for tests"},
		{"net/http", "a megabyte, and a board is asked by nobody over a network"},
		{"crypto/tls", "as net/http"},
		{module + "report/diff", "reports are compared at the desk"},
		{module + "report/scope", "reports are scoped at the desk"},
		{module + "report/show", "reports are shown at the desk"},
		{module + "boards/desk/...", "large tables stay at the desk"},
		{module + "initramfs/image", "images are built at the desk"},
		{"github.com/klauspost/compress/gzip", "images are written at the desk"},
		{"github.com/ulikunitz/xz", "allocates what a file asks for; its package lzma is enough"},
	}
	for _, p := range list(t, "-deps", module+"cmd/boardprobe") {
		for _, n := range never {
			if under(p.ImportPath, n.path) {
				t.Errorf("cmd/boardprobe reaches %s: %s", p.ImportPath, n.why)
			}
		}
	}
}

// sources yields the files of the module that are not tests, parsed.
func sources(t *testing.T, visit func(name string, text string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		text := read(t, name)
		visit(filepath.ToSlash(strings.TrimPrefix(name, "../")), text, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLayout holds the tree to its rooms: what stands at its top, and how large a file
// may be.
func TestLayout(t *testing.T) {
	const maxBytes, maxLines = 1 << 20, 500
	top := strings.Fields("cmd probe report initramfs boards go.mod go.sum Makefile README.md LICENSE")
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "build" && !strings.HasPrefix(name, ".") && !slices.Contains(top, name) {
			t.Errorf("%s stands at the top of the tree", name)
		}
	}
	for _, room := range top[:5] {
		err := filepath.WalkDir(filepath.Join("..", room), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if info.Size() > maxBytes {
				t.Errorf("%s has %d bytes; at most %d", name, info.Size(), maxBytes)
			}
			if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				if n := strings.Count(read(t, name), "\n"); n > maxLines {
					t.Errorf("%s has %d lines; at most %d", name, n, maxLines)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestForbidden looks for what the code is kept free of.
func TestForbidden(t *testing.T) {
	rules := []struct {
		name  string // of the file
		text  string // what must not be in it
		allow string // files in which it may be
		why   string
	}{
		{`/(util|utils|common|helpers?|misc)(/|\.go$)`, ``, ``, "a package or file is named after its subject"},
		{``, `(?m)^func init\(`, ``, "what happens before main cannot be followed"},
		{``, `(?m)^//go:build .*\b(amd64|arm64|arm|386|riscv64)\b`, ``, "a desk reads the dumps of all architectures"},
		{`^(probe|report|boards|initramfs)/`, `"(flag|log)"`, ``, "only commands have flags and print"},
		{`^(probe|report|boards|initramfs)/`, `"log/slog"`, `^probe/requests\.go$`, "only commands print; ghw has to be told not to"},
		{`^(probe|report|boards|initramfs)/`, `os\.(Getenv|LookupEnv|Environ)\b`, ``, "only commands read the environment"},
		{`^probe/`, `os\.(Open|OpenFile|ReadFile|ReadDir|Stat|Lstat|Readlink|Create|DirFS|WriteFile)\b`, `^probe/(files|blockdev|tpm|firmware|holders|mailbox|modemqrtr|register)\.go$`, "every question to a file passes the root, the caps and the replacer"},
		{`^(probe|initramfs/boot)/`, `regexp\.MustCompile\(`, `^probe/decode/pattern/`, "what runs on a board compiles an expression when it uses it"},
		{`^(probe|report|boards)/`, `"os/exec"`, ``, "no external programs"},
		{`^report/`, `\bfloat(32|64)\b`, ``, "quantities are integers with their unit in the name"},
		{``, `\b(TODO|FIXME|XXX)\b`, ``, "what is not done is said in the documentation"},
	}
	sources(t, func(name, text string, _ *ast.File) {
		for _, r := range rules {
			if r.name != "" && !regexp.MustCompile(r.name).MatchString("/"+name) && !regexp.MustCompile(r.name).MatchString(name) {
				continue
			}
			if r.allow != "" && regexp.MustCompile(r.allow).MatchString(name) {
				continue
			}
			if found := regexp.MustCompile(r.text).FindString(text); r.text == "" || found != "" {
				t.Errorf("%s: %q: %s", name, found, r.why)
			}
		}
	})
}

// TestPackageVariables looks for assignments to variables of packages, which
// make two runs in one process depend on each other.
func TestPackageVariables(t *testing.T) {
	declared := map[string]map[string]bool{} // by folder
	sources(t, func(name, _ string, file *ast.File) {
		dir := filepath.Dir(name)
		if declared[dir] == nil {
			declared[dir] = map[string]bool{}
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, s := range g.Specs {
					for _, id := range s.(*ast.ValueSpec).Names {
						declared[dir][id.Name] = true
					}
				}
			}
		}
	})
	sources(t, func(name, _ string, file *ast.File) {
		packageLevel := func(id *ast.Ident) bool {
			if !declared[filepath.Dir(name)][id.Name] || id.Name == "_" {
				return false
			}
			return id.Obj == nil || file.Scope.Lookup(id.Name) == id.Obj
		}
		ast.Inspect(file, func(n ast.Node) bool {
			var changed []ast.Expr
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					changed = n.Lhs
				}
			case *ast.IncDecStmt:
				changed = []ast.Expr{n.X}
			}
			for _, e := range changed {
				for inner := true; inner; {
					switch x := e.(type) {
					case *ast.IndexExpr:
						e = x.X
					case *ast.SelectorExpr:
						e = x.X
					default:
						inner = false
					}
				}
				if id, ok := e.(*ast.Ident); ok && packageLevel(id) {
					t.Errorf("%s: the package variable %s is changed", name, id.Name)
				}
			}
			return true
		})
	})
}

// TestInterfaces keeps a list of the interfaces, since one with a single
// implementation only hides it.
func TestInterfaces(t *testing.T) {
	allowed := map[string]string{
		"probe.world":       "the machine, or the evidence of an earlier run",
		"report.Value":      "a constraint: what a fact can hold",
		"report.leafer":     "a fact of any type",
		"report.changeable": "a pointer to a fact of any type",
	}
	sources(t, func(name, _ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.TypeSpec); ok {
				if _, ok := s.Type.(*ast.InterfaceType); ok && allowed[file.Name.Name+"."+s.Name.Name] == "" {
					t.Errorf("%s: interface %s is not in the list; has it two implementations?", name, s.Name.Name)
				}
			}
			return true
		})
	})
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

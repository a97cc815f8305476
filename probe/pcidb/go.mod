// What the library ghw needs of the module of this name, without the search for
// a database of names and the HTTP client that fetches one: the probe never
// asks for names. go.mod of the probe puts it in the place of the original.
module github.com/jaypipes/pcidb

go 1.25

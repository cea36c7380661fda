package workload

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Drive is the gdrive workload of the Cedar authors' OOPSLA 2024 paper: file
// sharing over graphs of users, groups, views, documents and folders, with the
// answer to each request as data. It is not part of this repository.
type Drive struct {
	Graphs    []DriveGraph
	Questions []DriveQuestion
}

// DriveGraph is one graph of entities.
type DriveGraph struct {
	Entities json.RawMessage // in Cedar's JSON form
	ByUID    map[UID]*DriveEntity
}

// UID names an entity.
type UID struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// DriveEntity is an entity with what the rules need to know about it.
type DriveEntity struct {
	UID            UID
	View           UID
	OwnedDocuments []UID
	OwnedFolders   []UID
	IsPublic       bool
	Above          map[UID]bool // itself and everything above it
	parents        []UID
}

// DriveQuestion is one request with the expected answer.
type DriveQuestion struct {
	Graph    int
	User     UID
	Action   string
	Resource UID
	Allowed  bool
}

// ErrNoDrive says that the data is not there.
var ErrNoDrive = errors.New("GWCTL_EXTERNAL does not name a directory that holds cedar/gdrive.json.gz")

type uidJSON struct {
	Entity UID `json:"__entity"`
}

type driveJSON struct {
	Graphs []struct {
		Entities json.RawMessage `json:"entities"`
		Requests [][4]string     `json:"requests"` // user, action, resource type, resource id
		Allow    string          `json:"allow"`    // one digit for each request
	} `json:"graphs"`
}

type entityJSON struct {
	UID   uidJSON `json:"uid"`
	Attrs struct {
		View           uidJSON   `json:"documentsAndFoldersWithViewAccess"`
		OwnedDocuments []uidJSON `json:"ownedDocuments"`
		OwnedFolders   []uidJSON `json:"ownedFolders"`
		IsPublic       bool      `json:"isPublic"`
	} `json:"attrs"`
	Parents []uidJSON `json:"parents"`
}

// ReadDrive reads the workload below the directory that GWCTL_EXTERNAL names.
// The error is ErrNoDrive where there is none.
func ReadDrive() (*Drive, error) {
	file, err := os.Open(filepath.Join(os.Getenv("GWCTL_EXTERNAL"), "cedar", "gdrive.json.gz"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoDrive
	}
	if err != nil {
		return nil, fmt.Errorf("opening the gdrive data: %w", err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("reading the gdrive data: %w", err)
	}
	var data driveJSON
	if err := json.NewDecoder(unzipped).Decode(&data); err != nil {
		return nil, fmt.Errorf("reading the gdrive data: %w", err)
	}
	w := &Drive{}
	for n, g := range data.Graphs {
		graph, err := newDriveGraph(g.Entities)
		if err != nil {
			return nil, fmt.Errorf("graph %d: %w", n, err)
		}
		w.Graphs = append(w.Graphs, graph)
		if len(g.Requests) != len(g.Allow) {
			return nil, fmt.Errorf("graph %d has %d requests and %d answers", n, len(g.Requests), len(g.Allow))
		}
		for i, r := range g.Requests {
			w.Questions = append(w.Questions, DriveQuestion{Graph: n, User: UID{"User", r[0]}, Action: r[1], Resource: UID{r[2], r[3]}, Allowed: g.Allow[i] == '1'})
		}
	}
	return w, nil
}

func newDriveGraph(raw json.RawMessage) (DriveGraph, error) {
	g := DriveGraph{Entities: raw, ByUID: map[UID]*DriveEntity{}}
	var list []entityJSON
	if err := json.Unmarshal(raw, &list); err != nil {
		return g, fmt.Errorf("reading entities: %w", err)
	}
	for _, e := range list {
		g.ByUID[e.UID.Entity] = &DriveEntity{
			UID: e.UID.Entity, View: e.Attrs.View.Entity, OwnedDocuments: uids(e.Attrs.OwnedDocuments), OwnedFolders: uids(e.Attrs.OwnedFolders),
			IsPublic: e.Attrs.IsPublic, Above: map[UID]bool{}, parents: uids(e.Parents),
		}
	}
	for _, e := range g.ByUID {
		g.climb(e.UID, e.Above)
	}
	return g, nil
}

// climb collects an entity and everything above it.
func (g *DriveGraph) climb(at UID, above map[UID]bool) {
	if above[at] {
		return
	}
	above[at] = true
	if e := g.ByUID[at]; e != nil {
		for _, p := range e.parents {
			g.climb(p, above)
		}
	}
}

func uids(in []uidJSON) []UID {
	var out []UID
	for _, u := range in {
		out = append(out, u.Entity)
	}
	return out
}

// Len is the number of questions.
func (w *Drive) Len() int { return len(w.Questions) }

// Expected tells whether a question is to be allowed.
func (w *Drive) Expected(i int) bool { return w.Questions[i].Allowed }

// Sorted gives the entities of a type by id.
func (g *DriveGraph) Sorted(kind string) []*DriveEntity {
	var out []*DriveEntity
	for _, e := range g.ByUID {
		if e.UID.Type == kind {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *DriveEntity) int { return strings.Compare(a.UID.ID, b.UID.ID) })
	return out
}

// Up gives an entity and everything above it, in order.
func (e *DriveEntity) Up() []UID {
	return slices.SortedFunc(maps.Keys(e.Above), func(a, b UID) int { return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.ID, b.ID)) })
}

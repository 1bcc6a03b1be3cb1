package main

import (
	"log"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"cases"
)

func main() {
	db, err := gorm.Open(postgres.Open(""), &gorm.Config{ // PGHOST, PGDATABASE and so on say where
		Logger: logger.Default.LogMode(logger.Silent),
	})
	if err != nil {
		log.Fatal(err)
	}
	c := cases.New(errStale)
	plugin(db, c)
	plain(db, c)
}

// What a statement has found, and how it went.
func found(result *gorm.DB) (int64, error) {
	return result.RowsAffected, result.Error
}

// The plugin sends version + 1, and asks for the version that was read.
func plugin(db *gorm.DB, c *cases.Cases) {
	docs := cases.Docs[Doc]{
		Cases: c,
		Read: func(id int64) (*Doc, error) {
			doc := &Doc{}
			return doc, db.First(doc, id).Error
		},
		SetBody: func(doc *Doc, body string) { doc.Body = body },
	}
	attempt, setting := docs.Attempt, docs.Setting
	saved := func(doc *Doc) (int64, error) { return 1, save(db, doc) }
	bySave := docs.By(saved)

	docs.Common("", saved)
	gormSave := func(doc *Doc) (int64, error) { return found(db.Save(doc)) }
	attempt("fresh Save()", cases.ByNobody, "mine", setting("mine", gormSave))
	attempt("second fresh Save(), not read back", cases.ByNobody, "again", func(doc *Doc) (int64, error) {
		check(db.Save(doc).Error)
		return setting("again", gormSave)(doc)
	})
	attempt("stale Save()", bySave, "first", setting("second", gormSave))
	attempt("stale Save() after a blind one", c.WriteByTool, "by a tool", setting("second", gormSave))

	attempt("Save() of a row that is gone", func(id int64) { check(db.Delete(&Doc{ID: id}).Error) }, cases.Gone,
		setting("second", gormSave))

	for _, update := range []struct {
		name  string
		write func(doc *Doc, body string) *gorm.DB
	}{
		{"Updates() of a struct", func(doc *Doc, body string) *gorm.DB { return db.Model(doc).Updates(Doc{Body: body}) }},
		{"Updates() of a map", func(doc *Doc, body string) *gorm.DB {
			return db.Model(doc).Updates(map[string]any{"body": body})
		}},
		{"Select().Updates()", func(doc *Doc, body string) *gorm.DB {
			return db.Model(doc).Select("body").Updates(Doc{Body: body})
		}},
		{"Update()", func(doc *Doc, body string) *gorm.DB { return db.Model(doc).Update("body", body) }},
		{"Update() by Where(), without the version", func(doc *Doc, body string) *gorm.DB {
			return db.Model(&Doc{}).Where("id = ?", doc.ID).Update("body", body)
		}},
		{"Unscoped().Update()", func(doc *Doc, body string) *gorm.DB {
			return db.Unscoped().Model(doc).Update("body", body)
		}},
	} {
		write := update.write
		attempt("fresh "+update.name, cases.ByNobody, "mine",
			func(doc *Doc) (int64, error) { return found(write(doc, "mine")) })
		attempt("stale "+update.name, bySave, "first",
			func(doc *Doc) (int64, error) { return found(write(doc, "second")) })
	}
	attempt("second fresh Updates() of a struct, not read back", cases.ByNobody, "again", func(doc *Doc) (int64, error) {
		check(db.Model(doc).Updates(Doc{Title: "mine"}).Error)
		return found(db.Model(doc).Updates(Doc{Body: "again"}))
	})
	attempt("second fresh Updates() of a struct, by Returning", cases.ByNobody, "again", func(doc *Doc) (int64, error) {
		returning := db.Clauses(clause.Returning{}).Session(&gorm.Session{})
		check(returning.Model(doc).Updates(Doc{Title: "mine"}).Error)
		return found(returning.Model(doc).Updates(Doc{Body: "again"}))
	})
	attempt("blind update", bySave, "first", func(doc *Doc) (int64, error) {
		return found(db.Exec("UPDATE doc SET body = 'second' WHERE id = ?", doc.ID))
	})
	attempt("fresh delete", cases.ByNobody, cases.Gone, func(doc *Doc) (int64, error) { return found(db.Delete(doc)) })
	attempt("stale delete", bySave, "first", func(doc *Doc) (int64, error) { return found(db.Delete(doc)) })
	attempt("stale delete, old version in Where()", bySave, "first", func(doc *Doc) (int64, error) {
		return found(db.Where("version = ?", doc.Version).Delete(doc))
	})
	if cases.Attached {
		attempt("stale delete, by expect()", bySave, "first", func(doc *Doc) (int64, error) {
			err := expecting(db, doc, func(tx *gorm.DB) error { return tx.Delete(doc).Error })
			if !isStale(err) {
				log.Fatal("isStale does not know a stale write")
			}
			return 1, err
		})
	}
}

// A version that is a column like any other.
func plain(db *gorm.DB, c *cases.Cases) {
	docs := cases.Docs[PlainDoc]{
		Cases: c,
		Read: func(id int64) (*PlainDoc, error) {
			doc := &PlainDoc{}
			return doc, db.First(doc, id).Error
		},
		SetBody: func(doc *PlainDoc, body string) { doc.Body = body },
	}
	saved := func(doc *PlainDoc) (int64, error) { return found(db.Clauses(clause.Returning{}).Save(doc)) }

	docs.Common("without the plugin: ", saved)
	docs.Attempt("without the plugin: stale Updates() of a struct", docs.By(saved), "first",
		func(doc *PlainDoc) (int64, error) { return found(db.Model(doc).Updates(PlainDoc{Body: "second"})) })
	docs.Attempt("without the plugin: stale Updates() of a struct with the version", docs.By(saved), "first",
		func(doc *PlainDoc) (int64, error) {
			return found(db.Model(doc).Updates(PlainDoc{Body: "second", Version: doc.Version}))
		})
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

package main

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/plugin/optimisticlock"
)

// Doc is a document whose version the plugin sends.
type Doc struct {
	ID      int64
	Title   string `gorm:"default:draft"`
	Body    string
	Version optimisticlock.Version
}

func (Doc) TableName() string { return "doc" }

// PlainDoc is one whose version is a column like any other.
type PlainDoc struct {
	ID      int64
	Title   string `gorm:"default:draft"`
	Body    string
	Version int64 `gorm:"default:1"`
}

func (PlainDoc) TableName() string { return "doc" }

var errStale = errors.New("the document has changed since it was read")

// save writes all columns, and goes on with the version that comes back.
func save(db *gorm.DB, doc *Doc) error {
	return checked(db.Model(doc).Clauses(clause.Returning{}).Select("*").Updates(doc))
}

// checked makes an error of it if an update has found no row, which is none to GORM.
func checked(result *gorm.DB) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return errStale
	}
	return result.Error
}

// expecting writes in a transaction in which the documents must be at the version of this one.
func expecting(db *gorm.DB, doc *Doc, write func(tx *gorm.DB) error) error {
	return db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT concurrency.expect('doc', ?::bigint)", doc.Version).Error; err != nil {
			return err
		}
		return write(tx)
	})
}

// isStale tells whether the plugin's condition or the server has stopped a stale write.
func isStale(err error) bool {
	var refused *pgconn.PgError
	return errors.Is(err, errStale) || errors.As(err, &refused) && refused.Code == "PT409"
}

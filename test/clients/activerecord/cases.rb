require_relative 'model'
require_relative '../lib/cases'

# A program that writes whole rows and does not lock; to it, the version is a column.
class PlainDoc < ActiveRecord::Base
  self.table_name = 'docs'
  self.lock_optimistically = false
  # (its name before Rails 7)
  respond_to?(:partial_updates=) ? self.partial_updates = false : self.partial_writes = false
end

CASES = Cases.new('docs', ActiveRecord::StaleObjectError)

def attempt(...)
  CASES.attempt(...)
end

def fresh(model = Doc)
  model.find(Doc.create!(body: 'draft').id)
end

# A row as it was read before somebody else saved it.
def stale(model = Doc)
  fresh(model).tap { |doc| Doc.find(doc.id).update!(body: 'first') }
end

# A row that was saved here, and then by a tool.
def overwritten(model = Doc)
  fresh(model).tap do |doc|
    doc.update!(body: 'first')
    doc.reload if model == PlainDoc
    CASES.write_blindly(doc.id)
  end
end

attempt('create') { Doc.create!(body: 'new') }
doc = fresh
attempt('read') { Doc.find(doc.id) }
attempt('fresh update') { doc.update!(body: 'mine') }
attempt('second fresh update') { doc.update!(body: 'mine again') }
doc = stale
attempt('stale update', doc, keeps: 'first') { doc.update!(body: 'second') }
doc = overwritten
attempt('stale update after a blind one', doc, keeps: 'by a tool') { doc.update!(body: 'second') }
doc = fresh
attempt('touch') { doc.touch }
doc = stale
attempt('stale touch', doc, keeps: 'first') { doc.touch }

# Rails 7.1 puts the version in WHERE for these, too, and does not raise where no row has it.
TELLS_BY_RESULT = ActiveRecord.version >= Gem::Version.new('7.1')
SINCE = TELLS_BY_RESULT ? 'since Rails 7.1' : 'before Rails 7.1'

doc = stale
attempt("stale update_columns, #{SINCE}", doc, keeps: 'first') { doc.update_columns(body: 'second') || 0 }
attempt('update after own update_columns') { fresh.tap { |own| own.update_columns(body: 'mine') }.update!(body: 'mine again') }

doc = stale
attempt('stale update_all', doc, keeps: 'first') { Doc.where(id: doc.id).update_all(body: 'second') }
doc = fresh
Doc.where(id: doc.id).update_all(body: 'first')
attempt('stale update after update_all', doc, keeps: 'first') { doc.update!(body: 'second') }
doc = stale
attempt('stale update_all of a string', doc, keeps: 'first') { Doc.where(id: doc.id).update_all("body = 'second'") }
doc = fresh
Doc.where(id: doc.id).update_all("body = 'first'")
attempt('stale update after update_all of a string', doc, keeps: 'first') { doc.update!(body: 'second') }
doc = fresh
attempt('fresh update_all with lock_version') do
  Doc.where(id: doc.id).update_all(body: 'mine', lock_version: doc.lock_version)
end
doc = stale
attempt('stale update_all with lock_version', doc, keeps: 'first') do
  Doc.where(id: doc.id).update_all(body: 'second', lock_version: doc.lock_version)
end
doc = stale
attempt('stale update_all where lock_version', doc, keeps: 'first') do
  Doc.where(id: doc.id, lock_version: doc.lock_version).update_all(body: 'second')
end

doc = fresh
attempt('fresh upsert_all with lock_version') { Doc.upsert_all([doc.attributes.merge('body' => 'mine')]) }
doc = stale
attempt('stale upsert_all with lock_version', doc, keeps: 'first') do
  Doc.upsert_all([doc.attributes.merge('body' => 'second')])
end
doc = stale
attempt('stale upsert_all without lock_version', doc, keeps: 'first') do
  Doc.upsert_all([{ id: doc.id, body: 'second' }])
end

attempt('fresh destroy') { fresh.destroy! }
doc = stale
attempt('stale destroy', doc, keeps: 'first') { doc.destroy! }
doc = overwritten
attempt('stale destroy after a blind update', doc, keeps: 'by a tool') { doc.destroy! }
doc = stale
attempt("stale delete, #{SINCE}", doc, keeps: 'first') { doc.delete && Doc.exists?(doc.id) ? 0 : 1 }

doc = fresh(PlainDoc)
attempt('whole row without locking, fresh update') { doc.update!(body: 'mine') }
attempt('whole row without locking, second update without reload') { doc.update!(body: 'mine again') }
doc = stale(PlainDoc)
attempt('whole row without locking, stale update', doc, keeps: 'first') { doc.update!(title: 'second') }
doc = overwritten(PlainDoc)
attempt('whole row without locking, stale update after a blind one', doc, keeps: 'by a tool') do
  doc.update!(title: 'second')
end

doc = stale
begin
  doc.update!(title: 'second')
  raise 'the stale save was not refused'
rescue ActiveRecord::StaleObjectError, RefusedWrite
  raise doc.changed_meanwhile.inspect if doc.changed_meanwhile != [%w[body first draft]]
end
attempt('merge after a refusal', doc, keeps: 'first') { doc.rebased.save! }

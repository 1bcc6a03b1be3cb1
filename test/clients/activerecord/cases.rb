require_relative 'model'
require_relative 'post'
require_relative '../lib/cases'

# A program that writes whole rows and does not lock; to it, the version is a column.
class PlainDoc < ActiveRecord::Base
  self.table_name = 'docs'
  self.lock_optimistically = false
  # (its name before Rails 7)
  respond_to?(:partial_updates=) ? self.partial_updates = false : self.partial_writes = false
end

# A column lock_version that has no DEFAULT: filled by the trigger, or null.
class Page < ActiveRecord::Base
end

class Note < ActiveRecord::Base
end

# A counter cache as Rails' guide has it.
class CountedComment < ActiveRecord::Base
  self.table_name = 'comments'
  belongs_to :post, counter_cache: :comments_count
end

CASES = Cases.new('docs', ActiveRecord::StaleObjectError)

ATTACHED = ENV.fetch('CASES_MODE') == 'attached'

def attempt(...)
  CASES.attempt(...)
end

def sql(...)
  ActiveRecord::Base.connection.execute(...)
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

# Rows that are inserted without a version, as by fixtures: Rails shows NULL as 0, and asks for NULL in WHERE.
{ 'filled by the trigger' => [Page, ATTACHED ? 1 : 0], 'null' => [Note, 0] }.each do |what, (model, version)|
  row = lambda do
    model.find(sql("INSERT INTO #{model.table_name} (body) VALUES ('draft') RETURNING id").getvalue(0, 0))
  end
  raise "#{model} does not begin with #{version}" if row.call.lock_version != version
  doc = row.call
  attempt("no DEFAULT, #{what}: fresh update") { doc.update!(body: 'mine') }
  attempt("no DEFAULT, #{what}: second fresh update") { doc.update!(body: 'mine again') }
  raise "#{model} does not count" if model.find(doc.id).lock_version != version + 2
  doc = row.call
  model.find(doc.id).update!(body: 'first')
  cases = Cases.new(model.table_name, ActiveRecord::StaleObjectError)
  cases.attempt("no DEFAULT, #{what}: stale update", doc, keeps: 'first') { doc.update!(body: 'second') }
  doc = row.call
  cases.write_blindly(doc.id)
  cases.attempt("no DEFAULT, #{what}: stale update after a blind one", doc, keeps: 'by a tool') do
    doc.update!(body: 'second')
  end
end

# Counter caches, where the trigger ignores the counter.
POSTS = Cases.new('posts', ActiveRecord::StaleObjectError)
post = Post.create!(body: 'draft')
attempt('counter cache: comment') { CountedComment.create!(post_id: post.id) }
attempt('counter cache: update of the post that was read before') { post.update!(body: 'mine') }

def counted_by_activity(post)
  Comment.create!(post_id: post.id)
  raise 'the comment was not counted' if Post.find(post.id).comments_count != 1
end

post = Post.create!(body: 'draft')
attempt('counter cache that does not lock: comment') { counted_by_activity(post) }
attempt('counter cache that does not lock: update of the post that was read before') { post.update!(body: 'mine') }
post = Post.create!(body: 'draft')
Post.find(post.id).update!(body: 'first')
counted_by_activity(post)
POSTS.attempt('counter cache that does not lock: stale update', post, keeps: 'first') { post.update!(body: 'second') }
if ATTACHED
  sql("SELECT concurrency.attach('posts', 'lock_version', ignore => '')")
  post = Post.create!(body: 'draft')
  counted_by_activity(post)
  attempt('counter cache that does not lock, and that is not ignored: update') { post.update!(body: 'mine') }
end

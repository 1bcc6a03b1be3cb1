# A form, saved by ActiveRecord: the version goes out in it, and comes back.

require 'sinatra'
require_relative '../activerecord/model'

FIELDS = %w[title body].freeze

set :default_content_type, 'text/html'
disable :show_exceptions
after { ActiveRecord::Base.clear_active_connections! }

helpers do
  include ERB::Util     # h: Sinatra escapes nothing by itself

  def mine
    params.slice(*FIELDS)
  end

  def values_of(doc)
    FIELDS.to_h { |name| [name, doc[name].to_s] }
  end

  def base
    FIELDS.to_h { |name| [name, params["base_#{name}"]] }
  end
end

# What to put into the form, and the fields that both have changed.
def merge(base, mine, theirs)
  merged = FIELDS.to_h { |name| [name, mine[name] == base[name] ? theirs[name] : mine[name]] }
  both = FIELDS.select { |name| [base[name], mine[name], theirs[name]].uniq.size == 3 }
  [merged, both]
end

get '/docs/:id/edit' do
  doc = Doc.find_by(id: params[:id]) or halt 404, 'There is no such document.'
  erb :form, locals: { doc: doc, theirs: values_of(doc), values: values_of(doc), differs: false }
end

post '/docs/:id' do
  doc = Doc.find_by(id: params[:id]) or halt 410, erb(:gone)
  doc.update!(**mine, lock_version: params[:version])   # of the form, not the one that was just read
  redirect "/docs/#{doc.id}/edit", 303
rescue ActiveRecord::StaleObjectError, RefusedWrite => e
  doc = Doc.find_by(id: params[:id]) or halt 410, erb(:gone)
  theirs = values_of(doc)
  merged, both = merge(base, mine, theirs)
  headers 'X-Refused-By' => e.is_a?(ActiveRecord::StaleObjectError) ? 'client' : 'server'
  halt 409, erb(:form, locals: { doc: doc, theirs: theirs, values: merged, differs: true, both: both })
end

# Wrong, and usual: the row is read again, with its version, which fits.
post '/docs/:id/wrong' do
  doc = Doc.find(params[:id])
  doc.update!(mine)
  redirect "/docs/#{doc.id}/edit", 303
end

__END__

@@ form
<!doctype html>
<% if differs %>
<p>Somebody else has saved meanwhile. What only one of you has changed is put together below; please decide the rest.</p>
<table>
  <tr><th></th><th>yours</th><th>there now</th><th>before</th></tr>
  <% FIELDS.each do |name| %>
  <tr data-field="<%= name %>" <%= 'data-conflict' if both.include?(name) %>>
    <th><%= name %><%= ': please decide' if both.include?(name) %></th>
    <td class="mine"><%=h mine[name] %></td><td class="theirs"><%=h theirs[name] %></td><td class="base"><%=h base[name] %></td>
  </tr>
  <% end %>
</table>
<% end %>
<form method="post" action="/docs/<%= doc.id %>">
  <input type="hidden" name="version" value="<%= doc.lock_version %>">
  <% FIELDS.each do |name| %>
  <p><%= name %> <input name="<%= name %>" value="<%=h values[name] %>"></p>
  <input type="hidden" name="base_<%= name %>" value="<%=h theirs[name] %>">
  <% end %>
  <button>Save</button>
</form>

@@ gone
<!doctype html>
<p>Somebody else has deleted this meanwhile. What you wrote:</p>
<% mine.each do |name, value| %><p><%= name %>: <%=h value %></p><% end %>

require_relative 'model'

class Post < ActiveRecord::Base
end

# The same rows, as comments see them: to count and to touch makes no editor of a post stale.
class PostActivity < ActiveRecord::Base
  self.table_name = 'posts'
  self.lock_optimistically = false
end

class Comment < ActiveRecord::Base
  belongs_to :post
  belongs_to :activity, class_name: 'PostActivity', foreign_key: :post_id, optional: true,
                        counter_cache: :comments_count, touch: true
end

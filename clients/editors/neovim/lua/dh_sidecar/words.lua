-- The words of a command, NAME=VALUE, and the schemas that say what they are.

local M = {}

-- A word of each command that stands without a name.
M.first_word = { createFunction = 'name', run = 'function', renderRun = 'function', getFunction = 'function' }

-- All properties, also where the schema is a choice by action; a constant becomes one of the choices.
local function properties(schema)
  local found = {}
  for _, variant in ipairs(schema.oneOf or { schema }) do
    for name, property in pairs(variant.properties or {}) do
      local known = found[name]
      if known and property.const then
        table.insert(known.enum, property.const)
      elseif not known then
        found[name] = property.const and vim.tbl_extend('force', property, { enum = { property.const } }) or property
      end
    end
  end
  return found
end
M.properties = properties

--- The properties of a method's params. Asked of dh-sidecar once.
function M.of_method(client, method)
  client.schemas = client.schemas or {}
  if not client.schemas[method] then
    local schema, err = client:request_sync('getSchema', { name = 'methods/' .. method })
    if not schema then return nil, err end
    client.schemas[method] = properties(schema)
  end
  return client.schemas[method]
end

local function is_text(property)
  return property.type == 'string' or (property.type == nil and property.enum ~= nil)
end

--- Params from words; `known` are the method's properties. A value is text where the parameter is text, otherwise JSON
--- where it reads as JSON, as with `dh-sidecar call`. Nil and a message where a word is neither.
function M.params(words, known, first)
  local params = {}
  for index, word in ipairs(words) do
    local name, text = word:match('^([%w_]+)=(.*)$')
    if not name and index == 1 and first then name, text = first, word end
    if not name then return nil, ('"%s" is no NAME=VALUE'):format(word) end
    if params[name] ~= nil then return nil, ('"%s" is given twice'):format(name) end
    local value = text
    if not (known[name] and is_text(known[name])) then
      local ok, json = pcall(vim.json.decode, text)
      if ok then value = json end
    end
    params[name] = value
  end
  return params
end

local function starting_with(choices, lead)
  return vim.tbl_filter(function(choice) return vim.startswith(choice, lead) end, choices)
end

-- What exists by now, for a parameter that names it.
local function existing(client, name)
  local lists = { ['function'] = 'listFunctions', id = 'listRuns', project = 'listProjects' }
  if not lists[name] then return {} end
  local answer = client:request_sync(lists[name], {}) or { items = {} }
  return vim.tbl_map(function(item) return name == 'id' and item.id or item.name end, answer.items)
end

--- What completes the word `lead` of a command for `method`.
function M.complete(client, method, lead, is_first)
  local known = M.of_method(client, method) or {}
  local name, value = lead:match('^([%w_]+)=(.*)$')
  if name then
    local property = known[name] or {}
    local choices = property.enum or (property.type == 'boolean' and { 'true', 'false' }) or existing(client, name)
    return vim.tbl_map(function(choice) return name .. '=' .. choice end, starting_with(choices, value))
  end
  local found = {}
  if is_first then
    local first = known['function'] and 'function' or known.id and 'id' or nil
    if first then found = starting_with(existing(client, first), lead) end
  end
  local names = {}
  for property, schema in pairs(known) do
    if not schema.deprecated then table.insert(names, property .. '=') end
  end
  table.sort(names)
  return vim.list_extend(found, starting_with(names, lead))
end

return M

-- *.container.yaml and *.container.json: what is wrong in them, as diagnostics; what they describe, applied.

local M = {}

M.namespace = vim.api.nvim_create_namespace('dh_sidecar')

local function text_of(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n') .. '\n'
end
M.text_of = text_of

local function unescaped(segment) return (segment:gsub('~1', '/'):gsub('~0', '~')) end

-- A key at the beginning of a line's content, in YAML or JSON, with or without quotes: the columns of it.
local function key_at(line, key)
  for _, pattern in ipairs({ '()["\']?' .. vim.pesc(key) .. '["\']?()%s*:' }) do
    local init = 1
    while true do
      local from, to = line:match(pattern, init)
      if not from then break end
      local before = line:sub(1, from - 1)
      if before:match('^[%s%-{,]*$') or before:match('[{,]%s*$') then return from - 1, to - 1 end
      init = from + 1
    end
  end
end

--- The line and columns, from 0, of the value that a JSON Pointer names, as far as the text shows it: the deepest key
--- of it that is there.
function M.locate(lines, pointer)
  local row, first, last = 0, 0, #(lines[1] or '')
  local start = 1
  for segment in pointer:gmatch('/([^/]*)') do
    local key = unescaped(segment)
    local index = tonumber(key)
    local found
    if index then
      -- The items of a block list begin with a dash, at one column.
      local column, count = nil, -1
      for number = start, #lines do
        local dash = lines[number]:match('^%s*()%-%s') or lines[number]:match('^%s*()%-$')
        column = column or dash
        if dash and dash == column then count = count + 1 end
        if count == index then
          found, first, last = number, dash - 1, #lines[number]
          break
        end
      end
      -- In a list within one line there is nothing to go by: the key before it stays.
      if found then start, row = found, found - 1 end
    else
      for number = start, #lines do
        local from, to = key_at(lines[number], key)
        if from then
          found, first, last = number, from, to
          break
        end
      end
      if not found then break end
      start, row = found, found - 1
    end
  end
  return row, first, last
end

local function diagnostic(lines, fault, severity)
  local row, first, last = M.locate(lines, fault.pointer or '')
  local cause_line = (fault.message or ''):match('[Ll]ine (%d+)')
  if (fault.pointer == nil or fault.pointer == '') and cause_line then
    row = math.min(tonumber(cause_line), #lines) - 1
    first, last = 0, #lines[row + 1]
  end
  return {
    lnum = row, col = first, end_lnum = row, end_col = last, severity = severity, source = 'dh-sidecar',
    code = fault.rule or fault.code, message = fault.message .. (fault.hint and ('\n' .. fault.hint) or ''),
  }
end

--- Has the buffer checked; `done(errors)` comes when its diagnostics are there.
function M.validate(client, buffer, done)
  local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  local params = { method = 'apply', params = { text = text_of(buffer) } }
  client:request('validate', params, function(err, result)
    if not vim.api.nvim_buf_is_valid(buffer) then return end
    if err then
      if done then done(err) end
      return
    end
    local found = {}
    for _, fault in ipairs(result.errors or {}) do
      table.insert(found, diagnostic(lines, fault, vim.diagnostic.severity.ERROR))
    end
    for _, warning in ipairs(result.warnings or {}) do
      table.insert(found, diagnostic(lines, warning, vim.diagnostic.severity.WARN))
    end
    vim.diagnostic.set(M.namespace, buffer, found)
    if done then done(nil, result) end
  end, { timeout_ms = 5000 })
end

return M

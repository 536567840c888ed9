-- *.container.yaml and *.container.json: what is wrong in them, as diagnostics; what they describe, applied.

local M = {}

M.namespace = vim.api.nvim_create_namespace('dh_sidecar')

local function text_of(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n') .. '\n'
end
M.text_of = text_of

-- A fault as a diagnostic: at the place that it names, to the end of the line; without one, at the first line.
local function diagnostic(lines, fault, severity)
  local row = math.min(math.max(fault.line or 1, 1), #lines) - 1
  local length = #lines[row + 1]
  -- Columns are characters, the editor's are bytes.
  local ok, column = pcall(vim.str_byteindex, lines[row + 1], math.max((fault.column or 1) - 1, 0))
  return {
    lnum = row, col = math.min(ok and column or 0, length), end_lnum = row, end_col = length, severity = severity,
    source = 'dh-sidecar', code = fault.rule or fault.code,
    message = fault.message .. (fault.hint and ('\n' .. fault.hint) or ''),
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

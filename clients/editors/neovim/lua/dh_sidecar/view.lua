-- Buffers that show runs: one run as it goes on, and the list of them.

local M = {}

-- The buffer of that name, made where it isn't there, in a window.
local function open(name, filetype)
  local buffer = vim.fn.bufnr('^' .. vim.fn.escape(name, '[]*?.') .. '$')
  if buffer == -1 then
    buffer = vim.api.nvim_create_buf(true, true)
    vim.api.nvim_buf_set_name(buffer, name)
    vim.bo[buffer].buftype = 'nofile'
    vim.bo[buffer].swapfile = false
    vim.bo[buffer].modifiable = false
    vim.bo[buffer].filetype = filetype
  end
  local window = vim.fn.bufwinid(buffer)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd('split')
    vim.api.nvim_win_set_buf(0, buffer)
  end
  return buffer
end

local function write(buffer, first, last, lines)
  if not vim.api.nvim_buf_is_valid(buffer) then return end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, first, last, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
end

local function map(buffer, key, action)
  vim.keymap.set('n', key, action, { buffer = buffer, nowait = true, silent = true })
end

local function function_name(run)
  return ((run.spec or {})['function'] or ''):gsub('^.*/', ''):gsub(':%x+$', '')
end

local function service_url(run)
  local service = (run.status or {}).service or {}
  return service.url or (service.urls or {})[1]
end

-- The lines above the log.
local function head_of(run, state, message)
  local status = run.status or {}
  local lines = {
    ('%s %s of %s'):format((run.spec or {}).action or 'run', run.id, function_name(run)),
    'state: ' .. (state or status.state or '?') .. (message and message ~= '' and ('  ' .. message) or ''),
  }
  if status.exit_code then table.insert(lines, 'exit code: ' .. status.exit_code) end
  local url = service_url(run)
  if url then table.insert(lines, 'url: ' .. url) end
  table.insert(lines, ('─'):rep(40))
  return vim.tbl_map(function(line) return (line:gsub('\n', ' ')) end, lines)
end

--- Shows a run while it goes on: its state, its URL, its log. `stop(id)` and `close()` are what keys do.
function M.follow(client, params, actions)
  local buffer = open('dh://run/' .. params.id, 'dhrun')
  local view = { buffer = buffer, run = { id = params.id }, head = 0 }
  vim.b[buffer].dh_run = params.id
  vim.b[buffer].dh_project = params.project
  write(buffer, 0, -1, {})
  view.fresh = true

  local function redraw(state, message)
    local lines = head_of(view.run, state, message)
    write(buffer, 0, view.fresh and -1 or view.head, lines)
    view.fresh, view.head = false, #lines
  end
  -- The last line stays in sight where the cursor is on it.
  local function append(lines)
    local window = vim.fn.bufwinid(buffer)
    local count = vim.api.nvim_buf_line_count(buffer)
    local at_end = window ~= -1 and vim.api.nvim_win_get_cursor(window)[1] == count
    write(buffer, -1, -1, lines)
    if at_end then vim.api.nvim_win_set_cursor(window, { count + #lines, 0 }) end
  end
  local function on_event(event)
    if not vim.api.nvim_buf_is_valid(buffer) then return end
    if event.type == 'subscribed' then
      view.run = event.run or view.run
      redraw()
    elseif event.type == 'state' then
      view.state = event.state
      redraw(event.state, event.message)
      if event.state == 'RUNNING' and (view.run.spec or {}).action ~= 'job' then
        client:request('getRun', { id = params.id, project = params.project }, function(_, run)
          if run and not view.over then
            view.run = run
            redraw()
          end
        end)
      end
    elseif event.type == 'log' then
      append(vim.split((event.text:gsub('\n$', '')), '\n', { plain = true }))
    elseif event.type == 'end' then
      view.run = event.run or view.run
      redraw(event.reason == 'deleted' and 'DELETED' or nil, (view.run.status or {}).message)
    end
  end
  view.subscription = client:subscribe(params, on_event, function(err)
    view.over = true
    if err and vim.api.nvim_buf_is_valid(buffer) then
      append(vim.split('— ' .. require('dh_sidecar.client').message_of(err), '\n', { plain = true }))
    end
  end)
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buffer, once = true, callback = function() view.subscription.stop() end,
  })
  map(buffer, 's', function() actions.stop(params.id, params.project) end)
  map(buffer, 'q', '<cmd>bwipeout<cr>')
  return view
end

local function cell(value) return (tostring(value == nil and '' or value):gsub('%c+', ' ')) end

--- Shows the runs: <CR> follows the one under the cursor, s stops it, d deletes it, r renews the list.
function M.runs(runs, actions, project)
  local buffer = open('dh://runs', 'dhruns')
  vim.b[buffer].dh_ids = vim.tbl_map(function(run) return run.id end, runs)
  local rows = { { 'ID', 'FUNCTION', 'ACTION', 'STATE', 'CREATED', 'URL OR MESSAGE' } }
  for _, run in ipairs(runs) do
    table.insert(rows, vim.tbl_map(cell, {
      run.id, function_name(run), (run.spec or {}).action or '', (run.status or {}).state or '',
      ((run.metadata or {}).created or ''):sub(1, 19):gsub('T', ' '),
      service_url(run) or (run.status or {}).message or '',
    }))
  end
  local widths = {}
  for _, row in ipairs(rows) do
    for column, text in ipairs(row) do widths[column] = math.max(widths[column] or 0, vim.fn.strdisplaywidth(text)) end
  end
  write(buffer, 0, -1, vim.tbl_map(function(row)
    local padded = {}
    for column, text in ipairs(row) do
      padded[column] = text .. (' '):rep(column < #row and widths[column] - vim.fn.strdisplaywidth(text) or 0)
    end
    return (table.concat(padded, '  '):gsub('%s+$', ''))
  end, rows))
  local function on_run(action)
    return function()
      local id = (vim.b[buffer].dh_ids or {})[vim.api.nvim_win_get_cursor(0)[1] - 1]
      if id then action(id, project) end
    end
  end
  map(buffer, '<CR>', on_run(actions.follow))
  map(buffer, 's', on_run(actions.stop))
  map(buffer, 'd', on_run(actions.delete))
  map(buffer, 'r', actions.refresh)
  map(buffer, 'q', '<cmd>bwipeout<cr>')
  return buffer
end

--- Shows an answer as JSON.
function M.value(name, value)
  local buffer = open('dh://' .. name, 'json')
  write(buffer, 0, -1, vim.split(M.pretty(value), '\n', { plain = true }))
  map(buffer, 'q', '<cmd>bwipeout<cr>')
  return buffer
end

--- A value as JSON, indented.
function M.pretty(value, indent)
  indent = indent or ''
  if type(value) ~= 'table' then return vim.json.encode(value) end
  local parts, inner = {}, indent .. '  '
  if vim.tbl_islist(value) and not vim.tbl_isempty(value) then
    for _, item in ipairs(value) do table.insert(parts, inner .. M.pretty(item, inner)) end
    return '[\n' .. table.concat(parts, ',\n') .. '\n' .. indent .. ']'
  end
  if vim.tbl_isempty(value) then return getmetatable(value) == getmetatable(vim.empty_dict()) and '{}' or '[]' end
  local keys = vim.tbl_keys(value)
  table.sort(keys)
  for _, key in ipairs(keys) do
    table.insert(parts, inner .. vim.json.encode(key) .. ': ' .. M.pretty(value[key], inner))
  end
  return '{\n' .. table.concat(parts, ',\n') .. '\n' .. indent .. '}'
end

return M

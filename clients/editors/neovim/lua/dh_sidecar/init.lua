-- The commands of the plugin; see :help dh-sidecar.

local client_module = require('dh_sidecar.client')
local words = require('dh_sidecar.words')
local view = require('dh_sidecar.view')
local files = require('dh_sidecar.files')

local M = { options = {} }

--- Options: binary, platform, project, validate_delay_ms (500).
function M.setup(options) M.options = options or {} end

local function say(text, level) vim.notify('dh: ' .. text, level or vim.log.levels.INFO) end
local function fail(err) say(type(err) == 'string' and err or client_module.message_of(err), vim.log.levels.ERROR) end

--- The client, started where there is none, or where the one before has ended.
function M.client()
  if M.current and M.current:is_usable() then return M.current end
  local arguments = {}
  for _, name in ipairs({ 'platform', 'project' }) do
    if M.options[name] then vim.list_extend(arguments, { '--' .. name, M.options[name] }) end
  end
  local client, message = client_module.start({
    binary = M.options.binary, arguments = arguments,
    on_exit = function(err) if err.kind == 'lost' then fail(err) end end,
  })
  if not client then
    fail(message)
    return nil
  end
  M.current = client
  return client
end

function M.close()
  if M.current then M.current:close() end
end

-- The params that a command's words give; says what is wrong.
local function read(client, method, given, defaults)
  local known, err = words.of_method(client, method)
  if not known then
    fail(err)
    return nil
  end
  local first = words.first_word[method] or (known.id and 'id') or (known.name and 'name') or nil
  local params, message = words.params(given, known, first)
  if not params then
    fail(message)
    return nil
  end
  return vim.tbl_extend('keep', params, defaults or {})
end

local function warn_of(entity)
  for _, warning in ipairs((entity.status or {}).warnings or entity.warnings or {}) do
    say(warning.message, vim.log.levels.WARN)
  end
end

-- The run that a command is about: the word, or the one that this buffer shows.
local function this_run(given)
  if #given > 0 then return given end
  if vim.b.dh_run then
    local found = { 'id=' .. vim.b.dh_run }
    if vim.b.dh_project then table.insert(found, 'project=' .. vim.b.dh_project) end
    return found
  end
  fail('which run? Give its id, or call this where a run is shown')
  return nil
end

local actions = {}

function actions.follow(id, project)
  local client = M.client()
  if client then return view.follow(client, { id = id, project = project }, actions) end
end

local function changed(method, done)
  return function(id, project, then_)
    local client = M.client()
    if not client then return end
    client:request(method, { id = id, project = project }, function(err, run)
      if err then return fail(err) end
      say(('run %s %s'):format(id, run and run.status and run.status.state or done))
      if then_ then then_() end
    end)
  end
end
actions.stop = changed('stopRun', 'stopped')
actions.delete = changed('deleteRun', 'deleted')
function actions.refresh() M.runs(M.last_runs or {}) end

--- :DhCreate NAME [PARAMETER=VALUE…]
function M.create(given)
  local client = M.client()
  local params = client and read(client, 'createFunction', given, { kind = 'container' })
  if not params then return end
  client:request('createFunction', params, function(err, entity)
    if err then return fail(err) end
    warn_of(entity)
    say(('function %s %s'):format(entity.name, entity.id))
  end)
end

--- :DhRun[!] FUNCTION [PARAMETER=VALUE…]: runs it and shows it; with ! in the background.
function M.run(given, background)
  local client = M.client()
  local params = client and read(client, 'run', given, { action = 'job' })
  if not params then return end
  client:request('run', params, function(err, run)
    if err then return fail(err) end
    warn_of(run)
    if background then say('run ' .. run.id) else actions.follow(run.id, run.project) end
  end)
end

--- :DhFollow [ID]
function M.follow(given)
  given = this_run(given)
  local client = given and M.client()
  local params = client and read(client, 'getRun', given)
  if params then actions.follow(params.id, params.project) end
end

--- :DhStop, :DhResume, :DhDelete [ID]
function M.change(method, given)
  given = this_run(given)
  local client = given and M.client()
  local params = client and read(client, method, given)
  if not params then return end
  client:request(method, params, function(err, run)
    if err then return fail(err) end
    warn_of(run)
    say(('run %s %s'):format(run.id, run.status.state))
  end)
end

--- :DhRuns [PARAMETER=VALUE…]
function M.runs(given)
  local client = M.client()
  local params = client and read(client, 'listRuns', given)
  if not params then return end
  M.last_runs = given
  client:request('listRuns', params, function(err, answer)
    if err then return fail(err) end
    view.runs(answer.items, actions, params.project)
    if type(answer.next_cursor) == 'string' then
      say(('%d of %s runs are shown; limit=N shows more'):format(#answer.items, answer.total or 'more'))
    end
  end)
end

--- :DhCall METHOD [PARAMETER=VALUE…]: any method; its result in a buffer.
function M.call(given)
  local client = M.client()
  local method = table.remove(given, 1)
  local params = client and read(client, method, given)
  if not params then return end
  client:request(method, params, function(err, result)
    if err then return fail(err) end
    view.value(method, result)
  end)
end

--- :DhApply [FILE]: the file, or this buffer as it is.
function M.apply(path)
  local client = M.client()
  if not client then return end
  local params = path and { path = vim.fn.fnamemodify(path, ':p') } or { text = files.text_of(0) }
  client:request('apply', params, function(err, result)
    if err then return fail(err) end
    for _, warning in ipairs(result.warnings or {}) do say(warning.message, vim.log.levels.WARN) end
    local lines = { ('function %s %s'):format(result['function'].name, result['function'].id) }
    for name, run in pairs(result.runs or {}) do
      table.insert(lines, ('run %s %s %s'):format(name, run.id, run.status.state))
    end
    table.sort(lines)
    say(table.concat(lines, '\n'))
  end)
end

--- :DhValidate: this buffer's faults as diagnostics.
function M.validate(buffer, done)
  local client = M.client()
  if client then
    files.validate(client, buffer, done or function(err) if err then fail(err) end end)
  end
end

local timers = {}

--- Checks the buffer of a container file now and after each change, once nothing is typed for a while.
function M.watch(buffer)
  if timers[buffer] then return end
  timers[buffer] = vim.loop.new_timer()
  local function soon()
    timers[buffer]:start(M.options.validate_delay_ms or 500, 0, vim.schedule_wrap(function()
      if vim.api.nvim_buf_is_valid(buffer) then M.validate(buffer) end
    end))
  end
  vim.api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI', 'BufWritePost' }, { buffer = buffer, callback = soon })
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buffer, once = true,
    callback = function()
      timers[buffer]:close()
      timers[buffer] = nil
    end,
  })
  soon()
end

--- What completes the command line of a command for `method`.
function M.complete(method)
  return function(lead, line)
    local client = M.client()
    if not client then return {} end
    local before = vim.split(vim.trim(line:sub(1, #line - #lead)), '%s+')
    if method then return words.complete(client, method, lead, #before == 1) end
    if #before > 1 then return words.complete(client, before[2], lead, #before == 2) end
    local document = client:request_sync('rpc.discover', {}) or { methods = {} }
    local names = vim.tbl_map(function(declared) return declared.name end, document.methods)
    return vim.tbl_filter(function(name) return vim.startswith(name, lead) end, names)
  end
end

return M

-- Commands for container functions and their runs; see :help dh-sidecar.

if vim.g.loaded_dh_sidecar then return end
vim.g.loaded_dh_sidecar = true

-- The module is read when it is first needed.
local function dh() return require('dh_sidecar') end

local function command(name, action, method, options)
  options = vim.tbl_extend('keep', options or {}, { nargs = '*' })
  options.complete = options.complete or function(...) return dh().complete(method)(...) end
  vim.api.nvim_create_user_command(name, action, options)
end

command('DhCreate', function(c) dh().create(c.fargs) end, 'createFunction', { nargs = '+', desc = 'Create a function' })
command('DhRun', function(c) dh().run(c.fargs, c.bang) end, 'run', {
  nargs = '+', bang = true, desc = 'Run a function',
})
command('DhFollow', function(c) dh().follow(c.fargs) end, 'getRun', { desc = 'Show a run while it goes on' })
command('DhRuns', function(c) dh().runs(c.fargs) end, 'listRuns', { desc = 'List the runs' })
for name, method in pairs({ DhStop = 'stopRun', DhResume = 'resumeRun', DhDelete = 'deleteRun' }) do
  command(name, function(c) dh().change(method, c.fargs) end, method, { desc = method })
end
command('DhCall', function(c) dh().call(c.fargs) end, nil, { nargs = '+', desc = 'Call any method' })
command('DhApply', function(c) dh().apply(c.args ~= '' and vim.fn.expand(c.args) or nil) end, 'apply', {
  nargs = '?', complete = 'file', desc = 'Apply a container file, or this buffer',
})
vim.api.nvim_create_user_command('DhValidate', function() dh().validate(vim.api.nvim_get_current_buf()) end, {
  desc = 'Check this buffer as a container file',
})

local group = vim.api.nvim_create_augroup('dh_sidecar', {})
vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile' }, {
  group = group, pattern = { '*.container.yaml', '*.container.yml', '*.container.json' },
  callback = function(event) dh().watch(event.buf) end,
})
vim.api.nvim_create_autocmd('VimLeavePre', {
  group = group, callback = function() if package.loaded.dh_sidecar then dh().close() end end,
})

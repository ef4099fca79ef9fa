// error-handler.ts — Lua code that stands under every script: it makes an error a table with its place.
//
// It runs where the error was raised, before the stack is unwound, so it still sees where that was.

export const ERROR_HANDLER = `
local getinfo, tostring, type = debug.getinfo, tostring, type
return function(err)
  local at = getinfo(2, 'nSl')
  if at and at.what == 'C' then at = getinfo(3, 'nSl') end
  if type(err) ~= 'table' then err = {err = 'ERR ' .. tostring(err)} end
  if at then
    err.source = at.source
    err.line = at.currentline
  end
  return err
end
`

import helper
helper.answer()

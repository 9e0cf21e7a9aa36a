import helper
helper.answer()


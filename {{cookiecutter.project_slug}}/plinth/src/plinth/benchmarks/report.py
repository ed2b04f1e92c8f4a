def page(history, standard): return ""

// Command reader is the program inside the page's second worker, for meter files
// that no meter has sealed: it reads one of the formats of meter/source and gives
// back plain numbers, or a question for the customer. It is loaded when such a
// file is opened, keeps nothing, asks no network, and knows no cryptography.
package main

func main() { serve() }

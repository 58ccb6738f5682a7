module gondola

go 1.26.0

require (
	github.com/dlclark/regexp2/v2 v2.13.0
	github.com/google/uuid v1.6.0
	github.com/klauspost/compress v1.20.4
	golang.org/x/crypto v0.59.0
)

require (
	github.com/chzyer/readline v1.5.1
	github.com/fsnotify/fsnotify v1.9.0
	golang.org/x/text v0.44.0
)

require golang.org/x/sys v0.50.0 // indirect

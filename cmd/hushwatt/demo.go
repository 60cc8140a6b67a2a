package main

var demoCommand = command{name: "demo"}

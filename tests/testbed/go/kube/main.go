// Command kube is every Kubernetes program the testbed runs, in one file: one
// compile and one link instead of six. It is chosen by the name it is called
// by, or else by its first argument.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

var programs = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-proxy":              proxy.NewProxyCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubectl":                 func() *cobra.Command { return kubectl.NewDefaultKubectlCommand() },
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
}

// chosen takes the program's name off the command line, so that what it built
// for itself out of os.Args (kubectl does) sees only its own arguments.
func chosen() (func() *cobra.Command, bool) {
	if make, known := programs[filepath.Base(os.Args[0])]; known {
		return make, true
	}
	if len(os.Args) < 2 {
		return nil, false
	}
	make, known := programs[os.Args[1]]
	os.Args = os.Args[1:]
	return make, known
}

func main() {
	make, known := chosen()
	if !known {
		fmt.Fprintln(os.Stderr, "kube: give the program's name as the first argument")
		os.Exit(2)
	}
	os.Exit(cli.Run(make()))
}

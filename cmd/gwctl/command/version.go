package command

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
)

func newVersion(s Streams) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "version", Short: "Print the version of gwctl", Args: argCount(0, 0),
		RunE: func(*cobra.Command, []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if err := versionReport().Write(s.Out, output); err != nil {
				return internal(err, "")
			}
			return nil
		},
	}
	outputFlag(c, &output)
	return c
}

func versionReport() *report.Version {
	v := &report.Version{Envelope: report.NewEnvelope("version")}
	v.Summary = report.VersionSummary{Gwctl: Version(), CEL: celVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	return v
}

// Version is the version that the build stamped into the binary.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

func newCompletion(Streams) *cobra.Command {
	return &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Short: "Print a completion script for a shell", Args: argCount(1, 1),
		Example: "  source <(gwctl completion bash)",
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			out := c.OutOrStdout()
			switch args[0] {
			case "bash":
				err = c.Root().GenBashCompletionV2(out, true)
			case "zsh":
				err = c.Root().GenZshCompletion(out)
			case "fish":
				err = c.Root().GenFishCompletion(out, true)
			case "powershell":
				err = c.Root().GenPowerShellCompletionWithDesc(out)
			default:
				return usage("give bash, zsh, fish or powershell", "no completion for %q", args[0])
			}
			if err != nil {
				return internal(fmt.Errorf("writing the completion: %w", err), "")
			}
			return nil
		},
	}
}

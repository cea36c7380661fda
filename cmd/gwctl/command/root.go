// Package command is the command tree of gwctl: one file per command. [Main]
// runs it. A command checks its flags, calls what the packages below offer and
// hands the result to cmd/gwctl/report; it judges and decides nothing itself.
package command

import (
	"fmt"

	"github.com/spf13/cobra"
)

// Main runs gwctl with arguments and gives the process's exit code.
func Main(args []string, s Streams) int {
	root := Root(s)
	root.SetArgs(args)
	c, err := root.ExecuteC()
	return finish(c, err, s)
}

// Root builds the command tree.
func Root(s Streams) *cobra.Command {
	root := group("gwctl", "Access policies as code: judge them in CI, enforce them beside a service")
	root.Long = `gwctl judges access policies in CI (policy lint, test, bundle), enforces them
beside a service (serve), and says why a request was denied (explain).`
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("see "+c.CommandPath()+" --help", "%s", err)
	})
	root.Version = Version()
	root.SetVersionTemplate(versionReport().Text())
	root.AddCommand(newPolicy(s), newExplain(s), newServe(s), newAPIKey(s), newToken(s), newInit(s), newSchema(s), newVersion(s), newCompletion(s), exitCodesTopic())
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil {
		help.Args = knownTopic
	}
	return root
}

// group is a command that only holds others.
func group(use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ArbitraryArgs, DisableFlagsInUseLine: true, SuggestionsMinimumDistance: 2,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return noCommand(c, args[0])
		},
	}
}

func noCommand(c *cobra.Command, name string) error {
	hint := "see " + c.CommandPath() + " --help"
	if near := c.SuggestionsFor(name); len(near) > 0 {
		hint = fmt.Sprintf("did you mean %s %s?", c.CommandPath(), near[0])
	}
	return usage(hint, "%s has no command %q", c.CommandPath(), name)
}

// knownTopic refuses help about what does not exist; cobra would print the
// help of the nearest command instead.
func knownTopic(help *cobra.Command, args []string) error {
	c, rest, err := help.Root().Find(args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return noCommand(c, rest[0])
	}
	return nil
}

func newPolicy(s Streams) *cobra.Command {
	c := group("policy", "Judge a policy set: lint, test, bundle")
	c.AddCommand(newLint(s), newFmt(s), newTest(s), newBench(s), newBundle(s))
	return c
}

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesHelp()}
}

// argCount is like cobra's own checks of arguments, but gives wrong usage with a
// next step. No most is -1.
func argCount(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		hint := "usage: " + c.UseLine()
		switch {
		case len(args) < least:
			return usage(hint, "%s is missing an argument", c.CommandPath())
		case most == 0 && len(args) > 0:
			return usage(hint, "%s takes no argument, got %q", c.CommandPath(), args[0])
		case most >= 0 && len(args) > most:
			return usage(hint, "%s takes at most %d argument(s), got %d", c.CommandPath(), most, len(args))
		}
		return nil
	}
}

// outputFlag adds -o; checkOutput tells whether its value is known.
func outputFlag(c *cobra.Command, to *string) {
	c.Flags().StringVarP(to, "output", "o", "text", "output format: text or json")
}

func checkOutput(format string) error {
	if format != "text" && format != "json" {
		return usage("write -o text or -o json", "unknown output format %q", format)
	}
	return nil
}
